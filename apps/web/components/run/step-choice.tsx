/** Which steps are columns; at least one is. */
export function StepChoice(props: { steps: number[]; chosen: number[]; onChange: (chosen: number[]) => void }) {
  const { steps, chosen, onChange } = props
  const toggle = (step: number, on: boolean) =>
    onChange(steps.filter((other) => (other === step ? on : chosen.includes(other))))
  return (
    <fieldset className="flex flex-wrap items-center gap-x-4 gap-y-1">
      <legend className="sr-only">Steps to compare</legend>
      <span aria-hidden="true">Steps</span>
      {steps.map((step) => {
        const on = chosen.includes(step)
        return (
          <label key={step} className="tabular flex cursor-pointer items-center gap-1.5">
            <input
              type="checkbox"
              checked={on}
              disabled={on && chosen.length === 1}
              onChange={(event) => toggle(step, event.target.checked)}
              className="size-4 accent-(--accent)"
            />
            {step}
          </label>
        )
      })}
    </fieldset>
  )
}
