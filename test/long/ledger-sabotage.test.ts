import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { CHANGED_ROW, LOST_ROW, TWICE_ROW } from '../ledger/count/history.ts'
import { EARLY, LOST, LOST_REDRIVE, ORDER, SEGMENT, TWICE } from '../ledger/count/violations.ts'
import { type Options, readOptions, SABOTAGES } from '../ledger/options.ts'
import { report } from '../ledger/report.ts'
import { run } from '../ledger/run.ts'
import { type Servers, startServers } from '../ledger/servers.ts'
import { HOPELESS_MS } from '../support/until.ts'

/** Fault that reveals each sabotage, and the violation that the ledger reports. */
const EXPECTED: Readonly<
  Record<(typeof SABOTAGES)[number], { readonly faults: string; readonly violation: string }>
> = {
  'applied-offset': { faults: 'straggler', violation: TWICE },
  ids: { faults: 'none', violation: TWICE },
  outbox: { faults: 'kill', violation: 'emissions lost' },
  gap: { faults: 'forget', violation: LOST },
  stop: { faults: 'valkey', violation: LOST },
  timers: { faults: 'broker-pause', violation: ORDER },
  segments: { faults: 'none', violation: SEGMENT },
  'history-lost': { faults: 'none', violation: LOST_ROW },
  'history-doubled': { faults: 'none', violation: TWICE_ROW },
  'history-changed': { faults: 'none', violation: CHANGED_ROW },
  cursor: { faults: 'none', violation: LOST },
  'retry-early': { faults: 'none', violation: EARLY },
  'redrive-lost': { faults: 'none', violation: LOST_REDRIVE },
  'redrive-order': { faults: 'none', violation: ORDER },
  attempts: { faults: 'none', violation: 'wrong outcome counters' },
  // Whether events come out of order depends on when the retries come; that none was parked shows at once.
  parking: { faults: 'none', violation: 'wrong outcome counters' },
}

/** These strike a server, and would strike the other runs too. */
const OF_SERVERS = ['valkey', 'broker-pause']

/** Most of the time, a run waits for retries. */
describe('the ledger, of a runtime that is broken on purpose', { concurrency: 3 }, () => {
  let shared: Servers
  let out: string

  before(async () => {
    out = await mkdtemp(join(tmpdir(), 'sluice-ledger-'))
    shared = await startServers(1, AbortSignal.timeout(HOPELESS_MS))
  })

  after(async () => {
    await shared?.stop()
    await rm(out, { recursive: true, force: true })
  })

  async function play(faults: string, sabotage: string, signal: AbortSignal) {
    const chosen = ['--faults', faults, '--sabotage', sabotage]
    const direct = ['--runner', 'direct', '--workers', '1']
    const size = ['--events', '1500', '--seed', '7', '--patience', '8', '--out', join(out, sabotage)]
    const options = readOptions([...chosen, ...direct, ...size]) as Options
    const own = OF_SERVERS.includes(faults)
      ? await startServers(1, AbortSignal.timeout(HOPELESS_MS))
      : undefined
    try {
      return await run(options, own ?? shared, line => console.error(`${sabotage}: ${line}`), signal)
    } finally {
      await own?.stop()
    }
  }

  for (const sabotage of SABOTAGES) {
    const { faults, violation } = EXPECTED[sabotage]
    it(`given --sabotage ${sabotage}, then it finds: ${violation}`, async t => {
      const { violations, ...result } = await play(faults, sabotage, t.signal)
      assert.ok(violations.count(violation) > 0, report({ violations, ...result }).join('\n'))
      // Files for looking into it, and for running it again.
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
