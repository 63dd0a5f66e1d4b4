import { after, before } from 'node:test'
import { startBroker, stopBroker } from './kafka-security/broker.ts'
import { connectsSlowly } from './kafka-security/connection-rate.ts'
import { saysWhatIsWrong } from './kafka-security/refusals.ts'
import { readsSecrets } from './kafka-security/secrets.ts'
import { signsIn } from './kafka-security/sign-in.ts'

// One broker for all of them: its start takes longer than the tests.
before(startBroker)
after(stopBroker)

signsIn()
saysWhatIsWrong()
readsSecrets()
connectsSlowly()
