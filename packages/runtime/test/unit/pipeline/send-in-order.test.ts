import assert from 'node:assert/strict'
import { it } from 'node:test'
import { RecordRefused } from '../../../pipeline/errors.ts'
import { sendInOrder } from '../../../pipeline/publish.ts'

/** Returns a Kafka that refuses one record. @param tells whether it names the records that were not written */
function refusing(bad: string, tells: boolean) {
  const written: string[] = []
  const send = async (some: readonly string[]) => {
    const at = some.indexOf(bad)
    if (at < 0) return void written.push(...some)
    if (!tells) throw new RecordRefused('too large')
    written.push(...some.filter(text => text !== bad))
    throw Object.assign(new RecordRefused('too large'), { unwritten: [at] })
  }
  const replaced: string[] = []
  return { written, replaced, send, replace: async (text: string) => void replaced.push(text) }
}

it('given a refusal that says what was not written, then nothing is written twice', async () => {
  const { written, replaced, send, replace } = refusing('c', true)
  const { entries } = await sendInOrder(['a', 'b', 'c', 'd'], send, replace)
  assert.deepEqual([written, replaced, entries], [['a', 'b', 'd'], ['c'], ['c']])
})

it('given a refusal that does not say it, then halving finds the record, and the others are written', async () => {
  const { written, replaced, send, replace } = refusing('c', false)
  const { entries } = await sendInOrder(['a', 'b', 'c', 'd'], send, replace)
  assert.deepEqual([written, replaced, entries], [['a', 'b', 'd'], ['c'], ['c']])
})
