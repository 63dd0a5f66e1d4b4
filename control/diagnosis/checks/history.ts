/** Checks that the objects of the history have each offset once, from one log. Pure. */

import { coverage, type HistoryObject, missingRanges } from '../../../lib/history/index.ts'
import { count } from '../../../lib/support/count.ts'
import { DAY_MS } from '../../../lib/support/duration.ts'
import type { ArchiveFacts } from '../facts.ts'
import { type Finding, type Judgement, runChecks, wrong } from '../finding.ts'

/** Number of ranges or objects that are named. */
const MAX_NAMED = 3
const RIGHTS = 'This check needs permission to list the bucket of the history.'

interface ArchivedTopic {
  readonly days: number
  /** Objects of each partition, in ascending order of offset. */
  readonly partitions: readonly (readonly HistoryObject[])[]
}

export function checkHistory({ topic, days, objects }: ArchiveFacts): Finding[] {
  const facts = 'unseen' in objects ? objects : { seen: { days, partitions: groupByPartition(objects.seen) } }
  return runChecks(
    'history',
    topic,
    { missing: checkMissing, overlapping: checkOverlapping, recreated: checkRecreated },
    facts,
    RIGHTS,
  )
}

function groupByPartition(objects: readonly HistoryObject[]): HistoryObject[][] {
  return [...Map.groupBy(objects, ({ partition }) => partition).values()].map(own =>
    own.toSorted((a, b) => a.firstOffset - b.firstOffset || b.lastOffset - a.lastOffset),
  )
}

function checkMissing({ days, partitions }: ArchivedTopic): Judgement | string {
  const ranges = partitions.filter(isOneLog).flatMap(objects => {
    const [{ partition }] = objects as [HistoryObject]
    return missingRanges(coverage(objects)).map(range => `${partition}/${range.fromOffset}-${range.toOffset}`)
  })
  if (ranges.length === 0) return `no offsets of the last ${count(days, 'day')} are missing`
  return wrong(
    `offsets are missing: ${formatNames(ranges)}`,
    'If Kafka deleted them before they were archived, they are lost: see records-lost in docs/runbook.md. If an object was removed, restore its version in the bucket.',
  )
}

function checkOverlapping({ partitions }: ArchivedTopic): Judgement | string {
  const keys = partitions.filter(isOneLog).flatMap(objects => {
    const whole = new Set(
      coverage(objects)
        .filter(({ object, fromOffset }) => fromOffset === object.firstOffset)
        .map(({ object }) => object),
    )
    return objects.filter(object => !whole.has(object)).map(({ key }) => key)
  })
  if (keys.length === 0) return 'no offsets are in several objects'
  return wrong(
    `objects repeat rows of others: ${formatNames(keys)}`,
    'The archiver has lost its state. `sluice sql` reads each row once, Athena twice: remove an object whose offsets others have.',
  )
}

function checkRecreated({ partitions }: ArchivedTopic): Judgement | string {
  const topics = partitions.filter(objects => !isOneLog(objects)).map(([one]) => String(one?.partition))
  if (topics.length === 0) return 'all objects are of one log'
  return wrong(
    `later days have lower offsets, in partition ${formatNames(topics)}: the topic was created again`,
    'Copy the objects of the old log to another bucket, and remove them from this one.',
  )
}

/** A log has later days at higher offsets. The clocks of producers, and the last rows of an object, can be a day off. */
function isOneLog(objects: readonly HistoryObject[]): boolean {
  return objects.every((object, index) => {
    const before = objects[index - 1]
    if (!before) return true
    const apart = Date.parse(before.day) - Date.parse(object.day)
    return before.firstOffset === object.firstOffset ? apart === 0 : apart <= DAY_MS
  })
}

function formatNames(all: readonly string[]): string {
  const more = all.length > MAX_NAMED ? `, and ${all.length - MAX_NAMED} more` : ''
  return `${all.slice(0, MAX_NAMED).join(', ')}${more}`
}
