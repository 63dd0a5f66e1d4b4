/** The names of what an environment has in AWS, where more than one place must know them. Pure. */

/** The SNS topic for alerts. The key that encrypts it has this alias. */
export function alertsTopicName(env: string): string {
  return `sluice-alerts-${env}`
}
