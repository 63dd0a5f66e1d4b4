/** Maintains the tables that are declared in SQL, and publishes their changed rows. */

import { kafkaConsumer } from '../../lib/app/kafka-consumer.ts'
import { views } from '../../lib/views/process.ts'

export const handler = kafkaConsumer('views', views())
