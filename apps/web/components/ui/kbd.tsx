/** Keys as they are printed on a keyboard. */
export function Kbd({ keys }: { keys: string }) {
  return (
    <span className="inline-flex gap-1">
      {keys.split(' ').map((key) => (
        <kbd
          key={key}
          className="inline-flex h-5 min-w-5 items-center justify-center rounded border border-line bg-page px-1 font-mono text-xs text-muted"
        >
          {printed(key)}
        </kbd>
      ))}
    </span>
  )
}

function printed(key: string): string {
  const names: Partial<Record<string, string>> = {
    arrowleft: '←',
    arrowright: '→',
    mod: 'Ctrl',
    shift: '⇧',
    escape: 'Esc',
  }
  return key
    .split('+')
    .map((part) => names[part] ?? part)
    .join(' ')
}
