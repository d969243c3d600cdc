/** Text as Postgres can hold it: a model may write NUL, which no column takes; it becomes the replacement character. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '\uFFFD')
}
