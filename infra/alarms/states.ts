/** Alarms about what consumers remember: states, clocks, failures and checkpoints. Pure. */
import type { AlarmKind } from './alarm.ts'
import { atOnce, counted, MINUTE } from './counted.ts'

export const STATES = {
  'clock-gap': {
    says: 'A log was silent for longer than its clock may advance: timers did not count that time.',
    urgency: 'soon',
    watches: counted('clock-gap'),
    when: atOnce(
      'it tells that clock, Kafka and producers were all away for over two minutes, once for each time',
    ),
    missing: 'notBreaching',
  },
  'timed-by-producers': {
    says: "The timestamps of a topic are its producers', so timers go by wrong clocks.",
    urgency: 'now',
    watches: counted('timed-by-producers'),
    when: atOnce('the topic has the wrong settings, which does not pass'),
    missing: 'notBreaching',
  },
  'outbox-not-trimmed': {
    says: 'Published events are published again and again: the outbox is not trimmed.',
    urgency: 'soon',
    watches: counted('outbox-not-trimmed'),
    when: {
      above: 0,
      periodSeconds: 5 * MINUTE,
      periods: 3,
      because: 'a failover of Redis does it once; repeats have the same ids',
    },
    missing: 'notBreaching',
  },
  'failure-memory': {
    says: 'What is remembered of failures is nearly full, or failures were forgotten.',
    urgency: 'now',
    watches: counted('failure-memory', ['nearly-full', 'forgotten']),
    when: atOnce('what is forgotten cannot be redriven'),
    missing: 'notBreaching',
  },
  'new-entities-refused': {
    says: 'Producers add more entities than they may: the readings of new ones are dead letters.',
    urgency: 'now',
    watches: counted('failed', ['too-many-new-entities']),
    when: atOnce('a flood fills the store, or a roll-out is larger than NEW_ENTITIES_PER_DAY allows'),
    missing: 'notBreaching',
  },
  'entities-held': {
    says: 'Many entities wait for a retry: a bug, or data that the code does not expect.',
    urgency: 'soon',
    watches: counted('held'),
    when: { above: 10, periodSeconds: 5 * MINUTE, periods: 1, because: 'single ones are single records' },
    missing: 'notBreaching',
  },
  'order-given-up': {
    says: 'An entity was held for longer than its consumer allows: its order was given up.',
    urgency: 'soon',
    watches: counted('released', ['full', 'time']),
    when: atOnce('its later events were processed before one that is still retried'),
    missing: 'notBreaching',
  },
  'context-unreadable': {
    says: 'Chunks are decided by the packaged rules, because newer code stored a set that this code cannot read.',
    urgency: 'soon',
    watches: counted('context-unreadable'),
    when: {
      above: 0,
      periodSeconds: MINUTE,
      periods: 6,
      breaching: 5,
      because: 'after a rollback `rules` appends its set within a minute',
    },
    missing: 'notBreaching',
  },
  'state-from-checkpoint': {
    says: 'Redis has lost the state of a partition: it went on from a checkpoint.',
    urgency: 'now',
    watches: counted('restored-from-checkpoint'),
    when: atOnce('the store has lost data'),
    missing: 'notBreaching',
  },
  'checkpoint-damaged': {
    says: 'A checkpoint could not be used.',
    urgency: 'now',
    watches: counted('checkpoint-damaged'),
    when: atOnce('an object in the bucket is not what was written'),
    missing: 'notBreaching',
  },
  'state-from-nothing': {
    says: 'A consumer reads a partition from its beginning: it is new, or Redis is empty.',
    urgency: 'soon',
    watches: counted('no-applied-offset'),
    when: atOnce('for a consumer that is not new, all its state is gone'),
    missing: 'notBreaching',
  },
} as const satisfies Readonly<Record<string, AlarmKind>>
