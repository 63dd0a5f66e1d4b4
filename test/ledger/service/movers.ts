/**
 * The forwarder and the segment sink of the ledger. The forwarder moves the events to another topic, a moment after they were
 * appended; the segment sink writes a file for each segment of the readings.
 */
import { randomUUID } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  confirmSegment,
  deferRecord,
  type Forwarder,
  forwardRecord,
  reject,
  type SegmentSink,
} from '#runtime/consumer'
import type { Segment } from '#runtime/test/support/inside'
import { dataReader } from '../../../lib/app/data-reader.ts'
import { tableOfTopic } from '../../../lib/app/history-store.ts'
import type { Named, Vocabulary } from '../../../lib/app/names.ts'
import { archiver } from '../../../lib/history/archiver.ts'
import { FolderHistoryStore } from '../../support/folder-history.ts'

/** Short, so that records become due while a run lasts. */
const DELAY_MS = 300

/** Moves each event with a header that says where it was. */
export function forwarding({ env, names }: Named): Forwarder {
  return {
    name: 'forwarding',
    from: ['events'],
    forward({ partition, offset, timestampMs, key, value, headers }, nowMs) {
      if (timestampMs + DELAY_MS > nowMs) return deferRecord(timestampMs + DELAY_MS)
      const from = ['ledger-from', Buffer.from(`${partition}/${offset}`)] as const
      const topic = names.topicName('analytics', env)
      return forwardRecord('moved', { topic, partition, key, value, headers: [...headers, from] })
    },
  }
}

interface Signal {
  readonly number: number
  readonly refuse?: boolean
}

/** Only offsets cut: the count does not know the sizes of all records. */
export function archiving(vocabulary: Vocabulary): SegmentSink<Signal> {
  const history = createHistory(vocabulary)
  return {
    name: 'archiving',
    accepts: ['ledger.signal.v1'],
    segments: { offsets: 50, bytes: 64 * 1024 * 1024, spanMs: 24 * 3_600_000 },
    async write(segment) {
      const refused = segment.events.filter(({ event }) => event.data?.refuse)
      await keep(segment, refused)
      await history.write(segment)
      return confirmSegment(
        'archived',
        new Map(refused.map(({ offset }) => [offset, reject('it asks for it')])),
      )
    },
  }
}

/** The archiver of Sluice, with a folder as its bucket. */
function createHistory({ families, names }: Vocabulary): SegmentSink {
  return archiver({
    name: 'archiving',
    store: new FolderHistoryStore(process.env.LEDGER_HISTORY ?? ''),
    reader: dataReader({ families, names }),
    families,
    tableOfTopic: topic => tableOfTopic(names, topic),
  })
}

type Events = Segment<Signal>['events']

/** A segment that is written again must be the same; where it is not, both are kept. */
async function keep({ name, events }: Segment<Signal>, refused: Events): Promise<void> {
  const folder = process.env.LEDGER_SEGMENTS ?? ''
  const file = join(folder, name.split('/').slice(1).join('_'))
  const kept = events.filter(delivery => !refused.includes(delivery))
  const text = JSON.stringify(kept.map(({ offset, event }) => [offset, event.id, event.data?.number]))
  const before = await readFile(file, 'utf8').catch(() => undefined)
  // Under a name of its own first, so that a kill leaves no half file.
  const draft = join(folder, `.${randomUUID()}`)
  await writeFile(draft, text)
  const isOther = before !== undefined && before !== text
  await rename(draft, isOther ? `${file}.changed-${randomUUID()}` : file)
}
