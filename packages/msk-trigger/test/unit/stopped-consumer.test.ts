import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Kafka, logLevel } from 'kafkajs'
import { readSettings } from '../../config/settings.ts'
import { GroupMember } from '../../poll/member.ts'
import { createMapping } from './support.ts'

/** Nothing listens there. */
const NOWHERE = '127.0.0.1:1'

const listener = {
  handleAssignment: () => new Map(),
  handleRemoval: () => {},
  isSameTopic: async () => true,
  mayDeliver: async () => true,
  startOffsets: async () => assert.fail('never joins'),
  handleReadStart: () => {},
  handleFetch: () => {},
  handleRecords: async () => {},
}

/** A member whose consumer has no group: it is not connected yet, or it has crashed. */
async function given() {
  const connect = (clientId: string) =>
    new Kafka({ clientId, brokers: [NOWHERE], logLevel: logLevel.NOTHING, retry: { retries: 0 } })
  const settings = readSettings({ brokers: NOWHERE }, {})
  const member = new GroupMember(connect, createMapping(), settings, listener)
  const reading = member.read(1_000)
  // The consumer exists after that.
  await Promise.resolve()
  return { member, reading }
}

describe('a consumer that has stopped', () => {
  it('given a partition to pause or resume, then nothing happens: its next join does both', async () => {
    const { member, reading } = await given()
    member.pause([0])
    member.resume([0])
    await assert.rejects(reading, /ECONNREFUSED/)
  })
})
