/** Causes of alarms. Notifications are sent per cause. Pure. */

export interface Cause {
  /** Description of the cause in one sentence. */
  readonly says: string
  /**
   * True to suppress notifications while Redis or Kafka is unavailable. Not for alarms that recover within minutes, which would be missed.
   */
  readonly followsServers?: true
  /** True to notify on every topic, because one of the topics may not deliver. */
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
