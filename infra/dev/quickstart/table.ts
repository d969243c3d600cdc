import type { RunSummary, StageRun } from '@temper/db/contracts'

const marks = {
  waiting: '·',
  running: '▶',
  paused: '‖',
  failed: '✗',
  done: '✓',
  cancelled: '–',
  skipped: '–',
} as const satisfies Record<StageRun['state'], string>

/** One line a stage: mark, name, steps, time, headline, and what it does. */
export function formatTable(run: RunSummary, nowMs: number): string[] {
  const nameWidth = Math.max(...run.stages.map(({ name }) => name.length))
  return run.stages.map((stage) => formatStage(stage, nameWidth, nowMs))
}

function formatStage(stage: StageRun, nameWidth: number, nowMs: number): string {
  const columns = [
    `${marks[stage.state]} ${stage.name.padEnd(nameWidth)}`,
    formatSteps(stage).padStart(11),
    formatSeconds(stage, nowMs).padStart(6),
    formatHeadline(stage).padEnd(26),
    stage.failure?.message ?? stage.status,
  ]
  return columns.join('  ').trimEnd()
}

function formatSteps({ step, totalSteps }: StageRun): string {
  return totalSteps === 0 ? '' : `${step}/${totalSteps}`
}

function formatSeconds({ startedAt, finishedAt }: StageRun, nowMs: number): string {
  if (startedAt === null) return ''
  const endMs = finishedAt === null ? nowMs : Date.parse(finishedAt)
  return `${Math.max(0, Math.round((endMs - Date.parse(startedAt)) / 1000))} s`
}

function formatHeadline({ headline }: StageRun): string {
  return headline === null ? '' : `${headline.metric} ${headline.value.toPrecision(3)}`
}

/** Shows a run as it goes: redrawn in place on a terminal, else a line whenever a stage changes its state. */
export function showRun(output: NodeJS.WriteStream): (run: RunSummary) => void {
  return output.isTTY ? redrawTable(output) : printChanges(output)
}

function redrawTable(output: NodeJS.WriteStream): (run: RunSummary) => void {
  let drawn = 0
  return (run) => {
    const lines = formatTable(run, Date.now()).map((line) => line.slice(0, output.columns))
    const up = drawn === 0 ? '' : `\x1b[${drawn}A`
    output.write(up + lines.map((line) => `\x1b[2K${line}\n`).join(''))
    drawn = lines.length
  }
}

function printChanges(output: NodeJS.WriteStream): (run: RunSummary) => void {
  const shown = new Map<string, string>()
  return (run) => {
    const lines = formatTable(run, Date.now())
    run.stages.forEach((stage, index) => {
      if (shown.get(stage.name) === stage.state || stage.state === 'waiting') return
      shown.set(stage.name, stage.state)
      output.write(`${lines[index]}\n`)
    })
  }
}
