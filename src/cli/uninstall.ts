import { Command } from 'commander'
import { createApiClient } from '../cluster/kubernetes/api-client.ts'
import { isNotFound } from '../cluster/kubernetes/api-error.ts'
import { connect } from '../cluster/kubernetes/connection.ts'
import { uninstall } from '../install/uninstall.ts'
import type { Shell } from './shell.ts'

interface UninstallOptions {
  namespace: string
  force?: boolean
}

/** `fusee uninstall`: takes away what `fusee install` has brought, without harm to what was recorded. */
export function createUninstallCommand(shell: Shell): Command {
  return new Command('uninstall')
    .description('take the controller, its kinds and its rights out of the cluster that the kubeconfig names; records stay in Git')
    .option('--namespace <name>', 'namespace of the controller', 'fusee')
    .option('--force', 'also while runs are active or wait for their record: they end without one')
    .addHelpText('after', '\nExample:\n  fusee uninstall --namespace fusee')
    .action(async (options: UninstallOptions) => {
      const connection = await connect(shell.env)
      const client = createApiClient(connection)
      try {
        await uninstall(
          {
            request: async <T>(request: Parameters<typeof client.request>[0]): Promise<T | null> => {
              try {
                return await client.request<T>(request)
              } catch (error) {
                if (isNotFound(error)) return null
                throw error
              }
            },
            pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
            say: (line) => {
              shell.stdout.write(`${line}\n`)
            },
          },
          { namespace: options.namespace, force: options.force === true },
        )
      } finally {
        client.close()
      }
    })
}
