/** Table of activities: the current activity of each device, and silent sensors. */
import { instant } from '../../packages/runtime/consumer/instant.ts'
import { type Activity, activity } from '../activity/process.ts'
import type { Table } from './table.ts'

export interface EntityActivity extends Activity {
  /** Source and subject, separated by a space. */
  readonly entity: string
}

/** Table of activities, sorted by the latest change first. */
export const ACTIVITIES: Table<Activity, EntityActivity> = {
  name: 'activities',
  about: 'Activity of each device, and sensors that have been silent for five minutes',
  process: activity,
  rows: ({ entity, state }) => [{ entity, ...state }],
  key: ({ entity }) => entity,
  order: (a, b) => changedMs(b) - changedMs(a),
  columns: [
    { name: 'entity', type: 'entity', words: 'Source and subject', value: ({ entity }) => entity },
    {
      name: 'activity',
      type: 'name',
      words: 'Activity of the device',
      value: ({ doing }) => doing?.activity ?? null,
    },
    {
      name: 'since',
      type: 'time',
      words: 'Start of the activity',
      value: ({ doing }) => (doing ? instant(doing.sinceMs) : null),
    },
    {
      name: 'silentSince',
      type: 'time',
      words: 'Last reading of a silent sensor',
      value: ({ isSilent, lastMs }) => (isSilent ? instant(lastMs) : null),
    },
  ],
}

function changedMs({ doing, lastMs }: EntityActivity): number {
  return doing?.sinceMs ?? lastMs
}
