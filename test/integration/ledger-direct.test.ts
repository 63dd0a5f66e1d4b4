import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { FAULT_NAMES } from '../ledger/faults.ts'
import { type Options, readOptions } from '../ledger/options.ts'
import { report } from '../ledger/report.ts'
import { run } from '../ledger/run.ts'
import { type Servers, startServers } from '../ledger/servers.ts'

const say = (line: string) => console.error(line)

/** Without a trigger, a few records suffice. */
const SIZE = ['--events', '2800', '--seed', '5', '--patience', '60']
const SAMPLE = ['--runner', 'direct', '--workers', '1', ...SIZE]

describe('the ledger over functions that it calls itself', () => {
  let servers: Servers

  before(async () => {
    servers = await startServers(1)
  })

  after(() => servers?.stop())

  it('given a fault of each kind, then no record is lost, none applied twice, and none out of order', async t => {
    const result = await run(readOptions(SAMPLE) as Options, servers, say, t.signal)
    assert.ok(result.violations.isEmpty, report(result).join('\n'))
    assert.deepEqual(result.struck.map(({ name }) => name).sort(), [...FAULT_NAMES].sort())
    assert.ok(result.struck.every(({ recoveredMs }) => recoveredMs !== undefined))
    // The figures must not be empty: a comparison of nothing is always right.
    const { figures } = result
    assert.ok(figures.emissions.distinct > 500 && figures.emissions.repeats > 0)
    assert.equal(figures.received, figures.emissions.distinct)
    assert.ok(figures.retried.waited > 0 && figures.retried.byHand > 0)
    assert.equal(figures.mapped.distinct, figures.taken.get('applied/taken'))
    assert.ok(figures.mapped.repeats > 0)
  })
})
