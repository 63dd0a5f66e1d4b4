/** The first record of a function. It is in the topic, too, because a consumer compares the log with what it is given. */
export const FIRST_RECORD = {
  topic: 'bench-start',
  timestamp: Date.parse('2026-03-01T12:00:00Z'),
  headers: {
    ce_specversion: '1.0',
    ce_id: 'first',
    ce_source: '/environment/bench',
    ce_type: 'io.sluice.environment.reading.v1',
    ce_subject: 's-1',
    ce_time: '2026-03-01T12:00:00Z',
    'content-type': 'application/json',
  },
  value: JSON.stringify({
    sensorId: 's-1',
    temperature: 20,
    location: { site: 'bench', latitude: 52.5, longitude: 13.4 },
  }),
}
