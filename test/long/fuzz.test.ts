import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { installJavaPrograms } from '../fuzz/java.ts'
import { type Options, readOptions } from '../fuzz/options.ts'
import { report } from '../fuzz/report.ts'
import { run } from '../fuzz/run.ts'
import { temporaryFolder } from '../integration/localstack/support.ts'
import { brokers } from '../support/servers.ts'
import { startValkey, type Valkey } from '../support/valkey.ts'

describe('the functions, beside a producer that writes whatever Kafka takes', () => {
  const { folder, remove } = temporaryFolder()
  let valkey: Valkey

  before(async () => {
    await installJavaPrograms(folder)
    valkey = await startValkey()
  })

  after(async () => {
    await valkey?.stop()
    remove()
  })

  it('given 400 records of it, then each has one outcome by each consumer, and no partition waits', async t => {
    const extent = ['--for', '1m', '--records', '400', '--rate', '100', '--seed', '1', '--patience', '300s']
    const options = readOptions(extent) as Options
    const say = (line: string) => console.error(line)
    const result = await run(options, { brokers: brokers(), valkey }, say, t.signal)
    const told = report(result).join('\n')
    assert.ok(result.violations.isEmpty, `${told}\n${result.output}`)
    // The observations must not be empty: an account of nothing is always right.
    const { sent, failures } = result.observed
    const committed = sent.filter(({ how }) => how === 'ack')
    assert.deepEqual(
      [...new Set(committed.map(({ codec }) => codec))].sort(),
      ['gzip', 'lz4', 'none', 'snappy', 'zstd'],
      told,
    )
    assert.ok(committed.length > 300 && failures.records.length > 10, told)
  })
})
