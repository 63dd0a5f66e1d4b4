/**
 * Generates the recordings in this folder: `npx node events/record.ts`. The output is deterministic, so that `manifest.json` can
 * contain the expected results.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { duplicates, good, mixedPartitions, poison, tombstones, units } from './making/batches.ts'
import { calmDay, poisonMix, sensorOutage } from './making/simulated.ts'
import { databaseLoad, deviceWalk, heatwave } from './making/streams.ts'

/** Returns the texts of the recordings by file name. Files that end in .gz are compressed. */
export function recordings(): Record<string, string> {
  return {
    'streams/heatwave.jsonl': lines(heatwave()),
    'streams/database-load.jsonl': lines(databaseLoad()),
    'streams/device-walk.jsonl': lines(deviceWalk()),
    'streams/calm-day.jsonl.gz': lines(calmDay()),
    'streams/sensor-outage.jsonl.gz': lines(sensorOutage()),
    'streams/poison-mix.jsonl.gz': `${poisonMix().join('\n')}\n`,
    'batches/good.json': document(good()),
    'batches/poison.json': document(poison()),
    'batches/duplicate.json': document(duplicates()),
    'batches/tombstone.json': document(tombstones()),
    'batches/mixed-partitions.json': document(mixedPartitions()),
    'batches/units.json': document(units()),
  }
}

function lines(events: readonly object[]): string {
  return events.map(event => `${JSON.stringify(event)}\n`).join('')
}

/** Formats a batch as JSON, with the byte array of each header on one line. */
function document(batch: object): string {
  const text = JSON.stringify(batch, null, 2)
  return `${text.replace(/\[\s+(-?\d+(?:,\s+-?\d+)*)\s+\]/g, (_, bytes) => `[${bytes.replace(/\s+/g, ' ')}]`)}\n`
}

if (import.meta.main) {
  for (const [file, text] of Object.entries(recordings())) {
    const path = join(import.meta.dirname, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, file.endsWith('.gz') ? gzipSync(text, { level: 9 }) : text)
  }
}
