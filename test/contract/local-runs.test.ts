import { openDataFolder } from '../../src/cluster/local/data-folder.ts'
import { createLocalRunCluster } from '../../src/cluster/local/runs.ts'
import { createSystemClock, createSystemRandom } from '../../src/system-clock.ts'
import { makeFolder } from '../support/local-cluster.ts'
import { testRunCluster } from './run-cluster.ts'

testRunCluster('local', async () => {
  const { path, remove } = await makeFolder()
  const folder = await openDataFolder(path)
  const runs = await createLocalRunCluster(folder, { clock: createSystemClock(), random: createSystemRandom() })
  return {
    runs,
    namespace: 'default',
    async close() {
      await folder.close()
      await remove()
    },
  }
})
