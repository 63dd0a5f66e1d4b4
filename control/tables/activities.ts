/** Table of activities: the current activity of each device, and silent sensors. */
import { ACTIVITY, type Activity } from '../../lib/activity/process.ts'
import type { Table } from './table.ts'

export interface EntityActivity extends Activity {
  /** Source and subject of the entity, separated by a space. */
  readonly entity: string
}

/** Table of activities. The latest change is shown first. */
export const ACTIVITIES: Table<Activity, EntityActivity> = {
  process: { name: ACTIVITY },
  rows: ({ entity, state }) => [{ entity, ...state }],
  order: (a, b) => changedMs(b) - changedMs(a),
}

function changedMs({ doing, lastMs }: EntityActivity): number {
  return doing?.sinceMs ?? lastMs
}
