/** Causes of alarms. Alarms with the same cause send a single notification. Pure. */

export interface Cause {
  /** Description of the cause in one sentence. */
  readonly says: string
  /**
   * True to suppress notifications while Redis or Kafka is unavailable. Do not set it for alarms that recover within minutes,
   * because their notifications would be lost.
   */
  readonly followsServers?: true
  /** True to publish the notification to all SNS topics, because one of them may have failed. */
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
  delivery: { says: 'SNS cannot deliver notifications.', onEveryTopic: true },
} as const satisfies Readonly<Record<string, Cause>>

export type CauseName = keyof typeof CAUSES
