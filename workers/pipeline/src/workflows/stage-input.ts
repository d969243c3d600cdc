/** What the workflow of a stage is started with: ids only. */
export interface StageInput {
  runId: string
  stage: string
  /** Id of the dataset behind each data source of the recipe. */
  data: Record<string, string>
  /** Set when the run is paused as the stage starts, or goes on in a new history. */
  paused?: boolean
  /** How many passes each pass of a training stage's recipe has become, since memory did not hold a whole one. */
  passSplit?: number
}
