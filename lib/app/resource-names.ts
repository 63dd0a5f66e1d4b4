/** The names of what an environment has in AWS, where more than one place must know them. Pure. */

/** The SNS topic for alerts. The key that encrypts it has this alias. */
export function alertsTopicName(env: string): string {
  return `sluice-alerts-${env}`
}

/** The name that a Lambda function has in serverless.yml. A function of another project keeps its own. */
export function functionOf(lambdaName: string, env: string): string {
  // On this machine, the environments share one stage.
  const prefix = [env, 'local'].map(stage => `sluice-${stage}-`).find(one => lambdaName.startsWith(one))
  return lambdaName.slice(prefix?.length ?? 0)
}

/** The secret with the tokens of those who may use the console. */
export function consoleSecret(env: string): string {
  return `sluice/${env}/console`
}
