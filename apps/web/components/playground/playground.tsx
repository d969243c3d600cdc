'use client'

import type { Checkpoint } from '@temper/db/contracts'
import { useState } from 'react'
import { EmptyState } from '#components/ui/panels.tsx'
import { isRunning } from '#lib/generation.ts'
import { type ChatQuestion, useGeneration } from '#lib/use-generation.ts'
import { AnswerPane } from './answer-pane.tsx'
import { ParameterDrawer } from './parameter-drawer.tsx'
import { defaultParameters, type Parameters } from './parameters.ts'
import { PromptBox } from './prompt-box.tsx'

interface PlaygroundProps {
  policies: Checkpoint[]
  left: string | undefined
  right: string | undefined
}

/** One prompt, one or two policies, their answers side by side as they are written. */
export function Playground({ policies, left, right }: PlaygroundProps) {
  const [chosen, setChosen] = useState(() => firstChoice(policies, left, right))
  const [prompt, setPrompt] = useState('')
  const [parameters, setParameters] = useState<Parameters>(defaultParameters)
  const answers = [useGeneration(), useGeneration()] as const
  if (policies.length === 0) {
    return (
      <EmptyState title="No policy to talk to yet">The first is here when a pretrain or sft stage is done.</EmptyState>
    )
  }
  const running = answers.some(({ state }) => isRunning(state))
  const ask = () => {
    answers.forEach((answer, index) => {
      const checkpoint = chosen[index]
      if (checkpoint) answer.start(requestOf(checkpoint, prompt, parameters))
    })
  }
  const choose = (index: number, id: string) => {
    answers[index]?.stop()
    setChosen(chosen.map((before, other) => (other === index ? id : before)))
  }
  return (
    <div className="space-y-4">
      <PromptBox
        prompt={prompt}
        onChange={setPrompt}
        running={running}
        onAsk={ask}
        onStop={() => answers.forEach((answer) => void answer.stop())}
        drawer={<ParameterDrawer parameters={parameters} onChange={setParameters} />}
      />
      <div className="grid gap-4 md:grid-cols-2">
        {answers.map((answer, index) => (
          <AnswerPane
            // biome-ignore lint/suspicious/noArrayIndexKey: there are always two, left and right
            key={index}
            side={index === 0 ? 'Left' : 'Right'}
            policies={policies}
            chosen={chosen[index] ?? ''}
            onChoose={(id) => choose(index, id)}
            optional={index === 1}
            answer={answer.state}
          />
        ))}
      </div>
    </div>
  )
}

/** What the address says; else the newest policy, beside the fine-tuned one it can be compared with. */
function firstChoice(policies: Checkpoint[], left: string | undefined, right: string | undefined): string[] {
  const known = (id: string | undefined) => policies.find((policy) => policy.id === id)?.id
  const first = known(left) ?? policies[0]?.id ?? ''
  const other = policies.find((policy) => policy.stageType === 'sft' && policy.id !== first)
  return [first, known(right) ?? other?.id ?? '']
}

function requestOf(checkpoint: string, prompt: string, parameters: Parameters): ChatQuestion {
  return {
    model: checkpoint,
    messages: [{ role: 'user', content: prompt }],
    seed: parameters.seed,
    temperature: parameters.temperature,
    top_p: parameters.topP,
    top_k: parameters.topK,
    min_p: parameters.minP,
    repetition_penalty: parameters.repetitionPenalty,
    frequency_penalty: parameters.frequencyPenalty,
    max_tokens: parameters.maxTokens,
  }
}
