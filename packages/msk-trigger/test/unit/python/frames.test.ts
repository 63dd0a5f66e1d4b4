import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { FrameReader, frame } from '../../../invoke/runtimes/python/frames.ts'

describe('frames', () => {
  it('given any frames in any pieces, then they are read as they were written', () => {
    const sent = fc.array(fc.tuple(fc.constantFrom('a', 'e'), fc.string({ unit: 'grapheme' })))
    fc.assert(
      fc.property(sent, fc.integer({ min: 1, max: 40 }), (frames, pieceBytes) => {
        const bytes = Buffer.concat(frames.map(([kind, body]) => frame(kind, body)))
        const reader = new FrameReader('ae')
        const read = []
        for (let at = 0; at < bytes.length; at += pieceBytes)
          read.push(...reader.read(bytes.subarray(at, at + pieceBytes)))
        assert.deepEqual(
          read.map(({ kind, body }) => [kind, body.toString()]),
          frames.map(([kind, body]) => [kind, Buffer.from(body).toString()]),
        )
      }),
    )
  })

  it('given a kind that is not expected, then it is not waited for its length', () => {
    const reader = new FrameReader('ae')
    assert.deepEqual(reader.read(Buffer.from('prin')), [])
    assert.throws(() => reader.read(Buffer.from('ted')), /^Error: no frame has the kind "p"$/)
  })

  it('given a frame of 6 MB in small pieces, then the time is in proportion', () => {
    const bytes = frame('a', 'x'.repeat(6 * 1024 * 1024))
    const reader = new FrameReader('ae')
    const before = process.cpuUsage()
    let read = 0
    for (let at = 0; at < bytes.length; at += 1024) read += reader.read(bytes.subarray(at, at + 1024)).length
    const { user, system } = process.cpuUsage(before)
    assert.equal(read, 1)
    // Joining all pieces each time would copy 18 GB.
    assert.ok(user + system < 1_000_000, `${user + system} µs`)
  })
})
