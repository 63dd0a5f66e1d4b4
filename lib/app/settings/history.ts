import { createKind, httpAddress, setting, slice, text } from '#runtime/settings'
import { HISTORY_TABLES, type HistoryTable } from '../../history/tables.ts'

const DAY = /^(\w+)=(\d{1,5})d$/

/** Reads pairs such as `readings=400d,alerts=1095d`. */
function daysByTable(given: string): ReadonlyMap<HistoryTable, number> | undefined {
  const days = new Map<HistoryTable, number>()
  for (const part of given.split(',').map(part => part.trim())) {
    const [, table, count] = DAY.exec(part) ?? []
    if (
      !HISTORY_TABLES.includes(table as HistoryTable) ||
      days.has(table as HistoryTable) ||
      Number(count) < 1
    )
      return undefined
    days.set(table as HistoryTable, Number(count))
  }
  return days
}

/** Settings for the history: the bucket that contains it, and for how long rows are kept. */
export const HISTORY = slice(
  'History',
  {
    HISTORY_BUCKET: setting(
      'history.bucket',
      text(
        /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
        'the name of an S3 bucket: 3 to 63 lower-case letters, digits, "-" and "."',
      ),
      {
        description: 'The bucket of the [history](history.md).',
        otherwise: 'no history is written; commands read the topics alone',
        setBy: 'deployment',
      },
    ),
    HISTORY_RETENTION: setting(
      'history.retention',
      createKind(
        daysByTable,
        `days by table, such as readings=400d,alerts=1095d; tables are ${HISTORY_TABLES.join(', ')}`,
      ),
      {
        description: 'For how long the history keeps the rows of a table.',
        otherwise: 'no row is deleted',
      },
    ),
    AWS_ENDPOINT_URL: setting('aws.endpoint', httpAddress(), {
      description: 'Address of a local cloud that replaces all AWS services.',
      otherwise: 'AWS itself',
      setBy: 'machine',
    }),
  },
  ({ HISTORY_BUCKET, HISTORY_RETENTION, AWS_ENDPOINT_URL }) => ({
    ...(HISTORY_BUCKET ? { historyBucket: HISTORY_BUCKET } : {}),
    // A local cloud has only one host name, so the bucket name is part of the path.
    pathStyle: AWS_ENDPOINT_URL !== undefined,
    historyDays: HISTORY_RETENTION ?? new Map<HistoryTable, number>(),
  }),
)
