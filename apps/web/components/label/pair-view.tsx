import type { Comparison, Message } from '@temper/db/contracts'

/** The prompt, and two completions of which nobody can tell the source. Both boxes are as high as the longer one. */
export function PairView({ pair }: { pair: Comparison }) {
  return (
    <article aria-label="Pair to compare" className="space-y-4">
      <section aria-label="Prompt" className="space-y-2">
        {pair.prompt.map((message, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the messages of a prompt never change their order
          <PromptMessage key={index} message={message} />
        ))}
      </section>
      <div className="grid min-h-64 gap-4 md:grid-cols-2">
        <Side name="Left" digit="1" text={pair.left} />
        <Side name="Right" digit="2" text={pair.right} />
      </div>
    </article>
  )
}

const roleNames = { system: 'System', user: 'Prompt', assistant: 'Assistant' }

function PromptMessage({ message }: { message: Message }) {
  return (
    <div>
      <p className="text-muted text-xs">{roleNames[message.role]}</p>
      <p className="model-text font-medium">{message.content}</p>
    </div>
  )
}

function Side({ name, digit, text }: { name: string; digit: string; text: string }) {
  return (
    <section aria-label={`${name} answer`} className="rounded-md border border-line bg-surface p-4">
      <h2 className="mb-2 text-muted text-xs">
        <span className="mr-1.5 font-mono">{digit}</span>
        {name}
      </h2>
      <p className="model-text">{text === '' ? <em className="text-muted">an empty answer</em> : text}</p>
    </section>
  )
}
