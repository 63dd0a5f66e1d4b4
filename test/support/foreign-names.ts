/** Other people's names, for this process and those that it starts. A test imports this before everything else. */
Object.assign(process.env, {
  ORG: 'gds',
  DOMAIN: 'none',
  KAFKA_TOPIC: 'gds.metrics.{env}',
  TOPIC_NAMES: 'dlq=gds.metrics.dlq',
  GROUP_NAME: '{org}-{consumer}',
  EXTRA_SIGNALS: 'logs,logs.application=/application,traces.all,readings.postgresql=/database/postgresql',
})
