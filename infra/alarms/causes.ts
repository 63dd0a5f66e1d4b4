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
  redis: { says: 'Redis is unavailable, full or overloaded, or loses keys.' },
  kafka: { says: 'Kafka is unavailable or near its limits.' },
  progress: { says: 'Consumers are lagging or have stopped.', followsServers: true },
  functions: { says: 'Functions fail or do not run.', followsServers: true },
  code: { says: 'Code fails to process records or timers.' },
  data: { says: 'Records or states are lost, rejected or misplaced.' },
  'dead-letters': { says: 'Dead letters need to be handled.', followsServers: true },
  receivers: { says: 'Receivers do not accept notifications.' },
  console: { says: 'The console cannot read its tokens, or many sign-ins fail.' },
  delivery: { says: 'SNS cannot deliver notifications.', onEveryTopic: true },
} as const satisfies Readonly<Record<string, Cause>>

export type CauseName = keyof typeof CAUSES
