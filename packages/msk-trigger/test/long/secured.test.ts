import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { startBroker, stopBroker } from '../integration/secured/broker.ts'
import { assertDelivers } from '../integration/secured/delivery.ts'
import { isReached } from '../integration/secured/reached.ts'
import { saysWhatIsWrong } from '../integration/secured/refusals.ts'
import { WAYS } from '../integration/secured/ways.ts'

describe('a secured Kafka', () => {
  // One broker for all of them: its start takes longer than the tests.
  before(startBroker)
  after(stopBroker)

  isReached()
  saysWhatIsWrong()

  it('given SCRAM with a password in a secret, then the whole plugin reads, and writes what is discarded', async () => {
    const way = WAYS.find(({ how }) => how.includes('a secret') && how.includes('SCRAM'))
    assert.ok(way)
    await assertDelivers(way)
  })
})
