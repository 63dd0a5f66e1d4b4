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

interface Broken {
  readonly faults: string
  /** The violation that reveals each sabotage of the run. Each of them has one that no other sabotage of the run causes. */
  readonly found: Partial<Record<(typeof SABOTAGES)[number], string>>
}

/** The runs. Starting functions and counting is most of what a run costs, so that a run has several sabotages. */
const RUNS: readonly Broken[] = [
  { faults: 'valkey,broker-pause', found: { stop: LOST, timers: ORDER } },
  { faults: 'straggler', found: { 'applied-offset': TWICE } },
  { faults: 'kill', found: { outbox: 'emissions lost' } },
  { faults: 'forget', found: { gap: LOST } },
  { faults: 'none', found: { ids: TWICE, cursor: LOST } },
  {
    faults: 'none',
    found: { segments: SEGMENT, 'redrive-lost': LOST_REDRIVE, 'redrive-order': ORDER },
  },
  {
    faults: 'none',
    found: {
      attempts: 'wrong outcome counters',
      'retry-early': EARLY,
      'history-lost': LOST_ROW,
      'history-doubled': TWICE_ROW,
      'history-changed': CHANGED_ROW,
      'intake-lost': 'readings lost',
      'intake-doubled': 'unexpected readings',
    },
  },
]

const KEPT = 'run.json report.txt partition-states.json readings.ndjson input.ndjson worker-1.log'.split(' ')

/** This one strikes a server, and would strike the other runs too. */
const OF_SERVERS = 'valkey,broker-pause'

/** Most of the time, a run waits for retries. */
describe('the ledger, of a runtime that is broken on purpose', { concurrency: 3 }, () => {
  let shared: Servers
  let out: string

  before(async () => {
    out = await mkdtemp(join(tmpdir(), 'sluice-ledger-'))
    shared = await startServers(1)
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
    const own = faults === OF_SERVERS ? await startServers(1) : undefined
    try {
      return await run(options, own ?? shared, line => console.error(`${sabotage}: ${line}`), signal)
    } finally {
      await own?.stop()
    }
  }

  for (const { faults, found } of RUNS) {
    const sabotage = Object.keys(found).join(',')
    it(`given --sabotage ${sabotage}, then it finds: ${Object.values(found).join(', ')}`, async t => {
      const { violations, ...result } = await play(faults, sabotage, t.signal)
      for (const violation of Object.values(found))
        assert.ok(violations.count(violation) > 0, report({ violations, ...result }).join('\n'))
      // Files for looking into it, and for running it again.
      const kept = await readdir(result.kept ?? '')
      for (const file of KEPT) assert.ok(kept.includes(file), file)
    })
  }

  it('breaks each rule in one run', () => {
    assert.deepEqual(RUNS.flatMap(({ found }) => Object.keys(found)).sort(), [...SABOTAGES].sort())
  })
})
