/** The causes of alarms: what people are notified of. Pure. */

export interface Cause {
  /** One sentence that names the event. */
  readonly says: string
  /** Silent while Redis or Kafka is away, from which its alarms follow. Not for alarms that end by themselves within minutes: they would be missed. */
  readonly followsServers?: true
  /** Rings on every topic: one of them does not deliver. */
  readonly onEveryTopic?: true
}

export const CAUSES = {
  redis: { says: 'Redis is away, full or busy, or loses keys.' },
  kafka: { says: 'Kafka is away, or near its limits.' },
  progress: { says: 'Consumers are behind, or have stopped.', followsServers: true },
  functions: { says: 'Functions fail, or do not run.', followsServers: true },
  code: { says: 'Code fails at records or timers.' },
  data: { says: 'Records or states are lost, refused or in the wrong place.' },
  'dead-letters': { says: 'Dead letters wait for a person.', followsServers: true },
  receivers: { says: 'Receivers do not accept notifications.' },
  console: { says: 'The console cannot read its tokens, or many sign-ins to it fail.' },
  delivery: { says: 'SNS cannot deliver what was published.', onEveryTopic: true },
} as const satisfies Readonly<Record<string, Cause>>

export type CauseName = keyof typeof CAUSES
