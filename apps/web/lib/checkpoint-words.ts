import { archiveFolder, type Checkpoint, type ImportedFrom } from '@temper/db/contracts'

/** What people call a checkpoint: its released name, else the stage that made it, else its id. */
export function checkpointTitle(
  checkpoint: Pick<Checkpoint, 'id' | 'releasedAs' | 'stage' | 'step' | 'final'>,
): string {
  if (checkpoint.releasedAs !== null) return checkpoint.releasedAs
  if (checkpoint.stage === null) return `imported ${checkpoint.id.slice(-6)}`
  return checkpoint.final ? checkpoint.stage : `${checkpoint.stage}, step ${checkpoint.step}`
}

/** Its title with the run that made it, for lists in which runs meet. */
export function checkpointInRun(
  checkpoint: Parameters<typeof checkpointTitle>[0] & Pick<Checkpoint, 'runName'>,
): string {
  const title = checkpointTitle(checkpoint)
  return checkpoint.runName === null ? title : `${title} of ${checkpoint.runName}`
}

/** What its archive holds: all but what only a resumed stage needs. */
export function archiveBytes(files: Checkpoint['files']): number {
  return files.filter((file) => !file.path.startsWith('resume/')).reduce((sum, file) => sum + file.sizeBytes, 0)
}

/** The lines that fetch and load it elsewhere. `origin` is where this web app answers. */
export function loadingCode(checkpoint: Checkpoint, origin: string): { fetch: string; load: string } {
  const folder = archiveFolder(checkpoint)
  const model = checkpoint.kind === 'reward' ? 'AutoModelForSequenceClassification' : 'AutoModelForCausalLM'
  return {
    fetch: `curl -H "Authorization: Bearer $TEMPER_KEY" \\\n  ${origin}/v1/checkpoints/${checkpoint.id}/archive.tar | tar -x`,
    load: [
      `from transformers import ${model}, AutoTokenizer`,
      `model = ${model}.from_pretrained("${folder}")`,
      `tokenizer = AutoTokenizer.from_pretrained("${folder}")`,
    ].join('\n'),
  }
}

/** Where a model that was added came from, with what pins its bytes. */
export function importedFromWords(from: ImportedFrom): string {
  switch (from.type) {
    case 'files':
      return from.files.length === 1 ? (from.files[0]?.path ?? '') : `${from.files.length} files that were sent`
    case 'hub':
      return `${[from.repository, from.file].filter(Boolean).join('/')} at ${from.revision.slice(0, 12)}`
    case 'wheel':
      return `${from.package} ${from.version}`
  }
}
