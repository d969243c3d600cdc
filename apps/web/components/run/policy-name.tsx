/** A policy of an evaluation. */
export function PolicyName({ name, isBaseline }: { name: string; isBaseline: boolean }) {
  return (
    <>
      {name} {isBaseline && <span className="font-normal text-muted">baseline</span>}
    </>
  )
}
