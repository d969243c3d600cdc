/** Takes pieces of a source until one of them `isEnough`, or its end; `all` is the whole source again, from its start. */
export async function peek<T>(
  source: AsyncIterable<T>,
  isEnough: (piece: T) => boolean,
): Promise<{ taken: T[]; all: AsyncGenerator<T> }> {
  const rest = source[Symbol.asyncIterator]()
  const taken: T[] = []
  for (let isTaken = false; !isTaken; ) {
    const next = await rest.next()
    if (next.done) break
    taken.push(next.value)
    isTaken = isEnough(next.value)
  }
  return { taken, all: rejoin(taken, rest) }
}

async function* rejoin<T>(taken: T[], rest: AsyncIterator<T>): AsyncGenerator<T> {
  try {
    yield* taken
    yield* { [Symbol.asyncIterator]: () => rest }
  } finally {
    // Where the reader stopped among the taken ones, nobody else ends the source.
    await rest.return?.()
  }
}
