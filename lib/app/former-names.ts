/** Consumers that have replaced others, with the former names. Their states, retries and dead letters belong to the successor. */
export const FORMER_NAMES: Readonly<Record<string, readonly string[]>> = {
  deliver: ['notify-sns', 'notify-webhook'],
  notifier: ['alert-router', 'firing-alerts'],
}
