import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Options, readOptions } from '../ledger/options.ts'
import { report } from '../ledger/report.ts'
import { run } from '../ledger/run.ts'
import { type Servers, startServers } from '../ledger/servers.ts'
import { HOPELESS_MS } from '../support/until.ts'

const say = (line: string) => console.error(line)

/** A sample: `npm run ledger -- --runner run` has all faults. */
const SAMPLE = [
  '--runner',
  'run',
  '--events',
  '1200',
  '--faults',
  'rebalance,crash',
  '--seed',
  '1200',
  '--patience',
  '300',
]

describe('the ledger over functions that run as processes', () => {
  let servers: Servers

  before(async () => {
    servers = await startServers(1, AbortSignal.timeout(HOPELESS_MS))
  })

  after(() => servers?.stop())

  it('given 1,200 records and faults, then each is applied once, and in order', async t => {
    const options = readOptions(SAMPLE) as Options
    const result = await run(options, servers, say, t.signal)
    assert.ok(result.violations.isEmpty, report(result).join('\n'))
    assert.deepEqual(result.struck.map(({ name }) => name).sort(), ['crash', 'rebalance'])
    // The figures must not be empty: a comparison of nothing is always right.
    const { figures, acknowledged, refused } = result
    assert.equal(acknowledged + refused, options.events)
    assert.ok((figures.tally.get('applied/counted') ?? 0) > 0)
    assert.ok(figures.emissions.distinct > 100)
    assert.equal(figures.received, figures.emissions.distinct)
  })
})
