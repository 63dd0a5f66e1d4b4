/** The table of activities: what devices are doing, and which sensors are silent. */
import { type Activity, activity } from '../activity/process.ts'
import type { Table } from './table.ts'

export interface EntityActivity extends Activity {
  /** `source`, a space, `subject`. */
  readonly entity: string
}

/** Table of activities, the last changed first. */
export const ACTIVITIES: Table<Activity, EntityActivity> = {
  process: activity,
  rows: ({ entity, state }) => [{ entity, ...state }],
  order: (a, b) => changedMs(b) - changedMs(a),
}

function changedMs({ doing, lastMs }: EntityActivity): number {
  return doing?.sinceMs ?? lastMs
}
