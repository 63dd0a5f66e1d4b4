/** Rules A: which mode a record is in. */
import { describe, it } from 'node:test'
import { writeEvent } from '../../../../cloudevents/writer.ts'
import { accepted, EVENT, JSON_TYPE, REQUIRED, read, refused, structured } from './kit.ts'

describe('which mode a record is in', () => {
  it('A1: given a content type that starts with application/cloudevents in any case, then structured', () => {
    accepted(structured(EVENT, 'Application/CloudEvents+JSON'))
    accepted(structured(EVENT, 'application/cloudevents+json ; charset=utf-8'))
    accepted(read([...REQUIRED, ['content-type', 'text/plain']], 'data'))
    accepted(read(REQUIRED, 'data'))
    refused(structured(EVENT, 'text/application/cloudevents+json'), /no "ce_" header/, 'not-a-cloudevent')
    accepted(structured(EVENT, ' application/cloudevents+json;'))
    refused(read([['Content-Type', 'application/cloudevents+json']], '{}'), /./, 'not-a-cloudevent')
  })

  it('A2: given a format that cannot be read, then the record is refused, and never half parsed', () => {
    for (const type of [
      'application/cloudevents+avro',
      'application/cloudevents+xml',
      'application/cloudevents',
    ])
      refused(structured(EVENT, type), /format of events/)
    refused(read([...REQUIRED, ['content-type', 'application/cloudevents+avro']], ''), /format of events/)
  })

  it('A3: given no sign of an event, then none; given some, then one that lacks what is required', () => {
    refused(read([], 'garbage'), /ce_/, 'not-a-cloudevent')
    refused(read([JSON_TYPE], '{"a":1}'), /ce_/, 'not-a-cloudevent')
    refused(read([['CE_id', 'x']]), /ce_/, 'not-a-cloudevent')
    refused(read([['ce_id', 'x']]), /"specversion", "source", "type"/)
  })

  it('A3: given a broken content type and no sign of an event, then it is not an event', () => {
    refused(read([JSON_TYPE, JSON_TYPE], '1'), /ce_/, 'not-a-cloudevent')
    refused(read([['content-type', Buffer.from([0xff])]], '1'), /ce_/, 'not-a-cloudevent')
    const type = ['content-type', 'application/cloudevents+json'] as const
    refused(read([type, type], JSON.stringify(EVENT)), /"content-type" occurs more than once/)
  })

  it('A4: given a batch of events, then it is refused, although its type starts as that of one does', () => {
    for (const type of [
      'application/cloudevents-batch+json',
      'Application/CloudEvents-Batch+JSON; charset=utf-8',
    ])
      refused(structured([EVENT], type), /a batch of events.*: send single events/)
    refused(structured(EVENT, 'application/cloudevents-batch+json'), /batch/)
    refused(structured([EVENT]), /not a JSON object/)
  })

  it('A5: given an event, when it is written in either mode, then it is read', () => {
    const { specversion: _, ...event } = EVENT
    for (const mode of ['binary', 'structured'] as const) {
      const { headers, value } = writeEvent(event, mode)
      accepted(read(headers as [string, Buffer][], value))
    }
  })

  it('A6: given structured mode, then JSON is the format that is read', () => {
    accepted(structured(EVENT, 'application/cloudevents+json'))
  })

  it('A7: given a record without headers, as Kafka 0.10 has them, then nothing says that it is an event', () => {
    refused(read([], JSON.stringify(EVENT)), /no structured content type/, 'not-a-cloudevent')
  })
})
