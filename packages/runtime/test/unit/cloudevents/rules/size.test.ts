/** Rules F: the size of an event. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { writeEvent } from '../../../../cloudevents/writer.ts'
import { largeAttribute } from '../../../../pipeline/model/limits.ts'
import { accepted, JSON_TYPE, REQUIRED, read, withHeader } from './kit.ts'

const KIB = 1024

describe('the size of an event', () => {
  it('F1: given an event of 64 KiB, when it is read and written again, then it is the same record', () => {
    const value = Buffer.from(JSON.stringify('x'.repeat(64 * KIB)))
    const event = accepted(read([JSON_TYPE, ...REQUIRED], value))
    assert.deepEqual(writeEvent(event), {
      headers: [JSON_TYPE, ...REQUIRED].map(([name, text]) => [name, Buffer.from(text)]),
      value,
    })
  })

  it('F2: given an event of 64 KiB, then consumers accept it', () => {
    const event = accepted(read([...REQUIRED, JSON_TYPE], JSON.stringify('x'.repeat(64 * KIB))))
    assert.equal(largeAttribute(event), undefined)
  })

  it('F3: given 4 MiB of data, then they are read; given a header of 1 MiB, then it is named as too large', () => {
    const data = Buffer.alloc(4 * KIB * KIB, 1)
    const ofBytes = [...REQUIRED, ['content-type', 'application/octet-stream']] as const
    assert.deepEqual(accepted(read(ofBytes, data)).data, data)
    const large = accepted(read(withHeader('ce_subject', 'x'.repeat(KIB * KIB))))
    assert.match(largeAttribute(large) ?? '', /^"subject" has 1048576 bytes/)
    assert.equal(largeAttribute(accepted(read([...REQUIRED, ['other', 'x'.repeat(KIB * KIB)]]))), undefined)
  })
})
