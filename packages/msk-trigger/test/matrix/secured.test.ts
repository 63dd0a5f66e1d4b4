import { after, before, describe, it } from 'node:test'
import { startBroker, stopBroker } from '../integration/secured/broker.ts'
import { assertDelivers } from '../integration/secured/delivery.ts'
import { closeTokenEndpoint, useIamCredentials, WAYS } from '../integration/secured/ways.ts'

describe('the whole plugin with a secured Kafka', { timeout: 600_000 }, () => {
  before(async () => {
    await startBroker()
    useIamCredentials()
  })
  after(async () => {
    closeTokenEndpoint()
    await stopBroker()
  })

  for (const way of WAYS) it(`reads, and writes what is discarded, ${way.how}`, () => assertDelivers(way))
})
