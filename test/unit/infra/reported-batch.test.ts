import assert from 'node:assert/strict'
import { it } from 'node:test'
import { describeWaiting } from '../../../infra/packaging/reported-batch.ts'

const STATE = { consumer: 'processor', topic: 'sluice.telemetry.readings.recorded-good', partition: 9 }

it('given a batch that was not applied, then the line says which records, why, and what to do', () => {
  const describe = (reason: string, message: string) =>
    describeWaiting({ stateKey: STATE, fromOffset: 3, reason, error: new Error(message) })
  const records = 'the records of sluice.telemetry.readings.recorded-good/9 from offset 3 on'
  assert.equal(
    describe('broker-unavailable', 'Kafka does not answer'),
    `Not applied: ${records} (broker-unavailable: Kafka does not answer). Start the servers with \`npm run services\`, or select a running stack with SLUICE_STACK. Then invoke the function again.`,
  )
  assert.equal(
    describe('another-log', 'it differs'),
    `Not applied: ${records} (another-log: it differs). Another record was applied at one of these offsets. To apply the batch anew: ` +
      'npx sluice state drop processor --topic sluice.telemetry.readings.recorded-good --partition 9 --env recorded-good',
  )
  assert.match(describe('out-of-time', 'late'), /Correct the cause, then invoke the function again\.$/)
})
