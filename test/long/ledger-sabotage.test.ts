import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { EARLY, LOST, LOST_REDRIVE, ORDER, SEGMENT, TWICE } from '../ledger/count/violations.ts'
import { type Options, readOptions, SABOTAGES } from '../ledger/options.ts'
import { report } from '../ledger/report.ts'
import { run } from '../ledger/run.ts'
import { type Servers, startServers } from '../ledger/servers.ts'
import { HOPELESS_MS } from '../support/until.ts'

/** For each sabotage: the faults that reveal it, and the violation that the ledger reports. */
const EXPECTED: Readonly<
  Record<(typeof SABOTAGES)[number], { readonly faults: string; readonly violation: string }>
> = {
  'applied-offset': { faults: 'straggler', violation: TWICE },
  ids: { faults: 'none', violation: TWICE },
  outbox: { faults: 'kill', violation: 'emissions lost' },
  gap: { faults: 'flush', violation: LOST },
  stop: { faults: 'valkey', violation: LOST },
  timers: { faults: 'broker-pause', violation: ORDER },
  segments: { faults: 'none', violation: SEGMENT },
  cursor: { faults: 'none', violation: LOST },
  'retry-early': { faults: 'none', violation: EARLY },
  'redrive-lost': { faults: 'none', violation: LOST_REDRIVE },
  'redrive-order': { faults: 'none', violation: ORDER },
  attempts: { faults: 'none', violation: 'wrong outcome counters' },
  // Whether events come out of order depends on when the retries come; that none was parked shows at once.
  parking: { faults: 'none', violation: 'wrong outcome counters' },
  growth: { faults: 'grow', violation: 'wrong states' },
}

/**
 * What `npm test` has time for: one for each place in which the ledger looks, by its own count: what was applied, what was
 * published, and in which order. The unit tests of the ledger have redrives and parked records. The variable asks for all.
 */
const SAMPLE = ['applied-offset', 'outbox', 'timers'] as const
const PLAYED = process.env.LEDGER_SABOTAGES === 'all' ? SABOTAGES : SAMPLE

describe('the ledger, of a runtime that is broken on purpose', () => {
  let servers: Servers
  let out: string

  before(async () => {
    out = await mkdtemp(join(tmpdir(), 'sluice-ledger-'))
    servers = await startServers(1, AbortSignal.timeout(HOPELESS_MS))
  })

  after(async () => {
    await servers?.stop()
    await rm(out, { recursive: true, force: true })
  })

  function play(faults: string, sabotage: string, signal: AbortSignal) {
    const chosen = ['--faults', faults, '--sabotage', sabotage]
    // Slow enough that records are still being sent when a fault takes effect, also on a busy machine: a paused partition in
    // which nothing waits reveals nothing.
    const pace = ['--rate', '300']
    const size = ['--events', '1500', '--seed', '7', '--workers', '1', '--patience', '8', '--out', out]
    const options = readOptions([...chosen, ...pace, ...size]) as Options
    return run(options, servers, line => console.error(line), signal)
  }

  for (const sabotage of PLAYED) {
    const { faults, violation } = EXPECTED[sabotage]
    it(`given --sabotage ${sabotage}, then it finds: ${violation}`, async t => {
      const { violations, ...result } = await play(faults, sabotage, t.signal)
      assert.ok(violations.count(violation) > 0, report({ violations, ...result }).join('\n'))
      // What is needed to look into it, and to run it again.
      const kept = await readdir(result.kept ?? '')
      for (const file of [
        'run.json',
        'report.txt',
        'partition-states.json',
        'readings.ndjson',
        'worker-1.log',
      ])
        assert.ok(kept.includes(file), file)
    })
  }
})
