import type { Evaluation, JudgedAnswer, JudgedAnswers, Verdict } from '@temper/db/contracts'
import { FoldedText } from '#components/ui/folded-text.tsx'
import { answerFigures, promptText, verdictWords } from '#lib/judged-answers.ts'
import { AnswerGrid } from './answer-grid.tsx'
import { PolicyName } from './policy-name.tsx'

/** The baseline's answers first, then each candidate's with its verdict. */
export function JudgedAnswerGrid({ evaluation, rows }: { evaluation: Evaluation; rows: JudgedAnswers[] }) {
  const baseline = evaluation.baseline.name
  const policies = [baseline, ...Object.keys(evaluation.candidates)]
  return (
    <AnswerGrid
      label="Answers by policy"
      columns={policies.map((name) => ({
        key: name,
        title: <PolicyName name={name} isBaseline={name === baseline} />,
      }))}
      rows={rows.map(({ position, prompt, answers }) => ({
        key: position,
        prompt: <FoldedText text={promptText(prompt)} />,
        answers: policies.map((name) => <Answer key={name} answer={answers[name]} />),
      }))}
    />
  )
}

function Answer({ answer }: { answer: JudgedAnswer | undefined }) {
  if (answer === undefined) return null
  return (
    <>
      <FoldedText text={answer.text} />
      <p className="tabular mt-1 flex flex-wrap items-center gap-x-2 gap-y-1 text-muted text-sm">
        {answer.verdict !== null && <VerdictMark verdict={answer.verdict} />}
        {answerFigures(answer)}
      </p>
    </>
  )
}

const marks: Record<Verdict, string> = {
  win: 'border-ink font-medium text-ink',
  loss: 'border-line-strong border-dashed text-ink',
  tie: 'border-line text-muted',
}

function VerdictMark({ verdict }: { verdict: Verdict }) {
  return <span className={`rounded border px-1.5 text-xs ${marks[verdict]}`}>{verdictWords[verdict]}</span>
}
