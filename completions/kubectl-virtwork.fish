# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_kubectl_virtwork_global_optspecs
    string join \n config= catalog= name= v/v= verbose= color= n/namespace= context= kubeconfig= cluster= user= s/server= tls-server-name= insecure-skip-tls-verify= certificate-authority= client-certificate= client-key= token= as= as-uid= as-group= as-user-extra= request-timeout= cache-dir= disable-compression= h/help V/version
end

function __fish_kubectl_virtwork_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_kubectl_virtwork_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_kubectl_virtwork_using_subcommand
    set -l cmd (__fish_kubectl_virtwork_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l config -d 'YAML file with settings (default: virtwork/config.yaml in the user\'s configuration directory)' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l catalog -d 'Folder with further workloads, each in a folder like the built-in ones' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -s v -l v -d 'How much to say: 4 for retries and decisions, 6 for every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l color -d 'Whether to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l context -d 'Name of the kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l kubeconfig -d 'Path of the kubeconfig file to use' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l cluster -d 'Name of the kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l user -d 'Name of the kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l tls-server-name -d 'Server name for the verification of the server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l insecure-skip-tls-verify -d 'Do not verify the server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l certificate-authority -d 'File with certificates of authorities for the server\'s certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l client-certificate -d 'File with the client\'s certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l client-key -d 'File with the client\'s key' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l as-user-extra -d 'Extra attribute to impersonate with, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l request-timeout -d 'Time for one request, such as 5s or 2m; a bare number is seconds, 0 is no limit' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l cache-dir -d 'Folder of the discovery cache; accepted as kubectl does, nothing is cached' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l disable-compression -d 'Ask the server for uncompressed answers; accepted as kubectl does, they always are' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -s V -l version -d 'Print version'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -f -a "up" -d 'Make the fleet as asked and wait until its work runs'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -f -a "run" -d 'Make the fleet as asked and wait until its work runs'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -f -a "down" -d 'Remove what this tool made and wait until it is gone'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -f -a "cleanup" -d 'Remove what this tool made and wait until it is gone'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -f -a "status" -d 'Show the fleet, with the reason for whatever is not ready'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -f -a "ssh" -d 'Open a shell in one machine, or run a command there, through virtctl'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -f -a "workloads" -d 'Show the catalog: what each workload does, its machines and parameters'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -f -a "completion" -d 'Print a completion script for a shell'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -f -a "version" -d 'Print the version of this tool and of the cluster\'s KubeVirt'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l workloads -d 'Workloads, comma-separated (repeatable) [default: up takes those that run by default, down all of the fleet]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l vm-count -d 'Machines of each workload; of one with roles, of each role' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l cpu-cores -d 'Virtual CPUs of each machine' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l memory -d 'Memory of each machine' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l disk-size -d 'Size of each data disk' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l data-disk -d 'What a data disk is: dv is a DataVolume; empty is an emptyDisk, which needs no CDI and no storage' -r -f -a "dv\t''
empty\t''"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l container-disk-image -d 'Image of the root disk' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l image-pull-secret -d 'Secret to pull the image with' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l storage-class -d 'StorageClass of the data disks [default: the cluster\'s]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l node-selector -d 'Label of the nodes to run on, KEY=VALUE (repeatable, or comma-separated)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l toleration -d 'Taint to bear: KEY=VALUE:EFFECT, KEY:EFFECT or KEY (repeatable, or comma-separated)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l set -d 'Parameter or size of one workload: database.scale=10, cpu.memory=4Gi (repeatable, or comma-separated)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l ssh-user -d 'Account in the guests' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l ssh-key -d 'Public key (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l ssh-key-file -d 'File with public keys (repeatable) [default: the first of ~/.ssh/id_ed25519.pub, id_ecdsa.pub, id_rsa.pub]' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l no-ssh-key -d 'No key at all where none is given' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l ssh-password -d 'Password of the account; shows in the process list' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l ssh-password-file -d 'File with the password of the account' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l guest-proxy -d 'Proxy for the installation of packages in the guests' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l package-mirror -d 'Package mirror that the guests use instead of their own' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l ca-file -d 'File with certificates of authorities that the guests trust' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l wait -d 'Wait for the result' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l timeout -d 'Longest time for all of it, such as 10m or 1h30m; a bare number is seconds, 0 is no limit' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l no-wait -d 'The same as --wait=false' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l wait-for -d 'What to wait for: ready is work running inside, running is a started machine' -r -f -a "ready\t'The work inside runs'
running\t'The machine is started'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l concurrency -d 'Requests in flight at once' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l dry-run -d 'Print the objects and change nothing: client asks no server, server lets it check them' -r -f -a "none\t'No dry run'
client\t'Nothing is sent that would change anything; `up` sends nothing at all'
server\t'The same, and the server checks what `up` would write'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -s o -l output -d 'Output format: of --dry-run, or of the result' -r -f -a "yaml\t'The objects as YAML'
json\t'The objects as JSON'
name\t'kind.group/name, a line each'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l restart -d 'Restart machines that still run what they were started with' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l prune -d 'Remove machines beyond what is asked for, of the workloads of this run' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -s y -l yes -d 'Do not ask before --prune removes' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l config -d 'YAML file with settings (default: virtwork/config.yaml in the user\'s configuration directory)' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l catalog -d 'Folder with further workloads, each in a folder like the built-in ones' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -s v -l v -d 'How much to say: 4 for retries and decisions, 6 for every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l color -d 'Whether to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l context -d 'Name of the kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l kubeconfig -d 'Path of the kubeconfig file to use' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l cluster -d 'Name of the kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l user -d 'Name of the kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l tls-server-name -d 'Server name for the verification of the server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l insecure-skip-tls-verify -d 'Do not verify the server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l certificate-authority -d 'File with certificates of authorities for the server\'s certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l client-certificate -d 'File with the client\'s certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l client-key -d 'File with the client\'s key' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l as-user-extra -d 'Extra attribute to impersonate with, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l request-timeout -d 'Time for one request, such as 5s or 2m; a bare number is seconds, 0 is no limit' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l cache-dir -d 'Folder of the discovery cache; accepted as kubectl does, nothing is cached' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l disable-compression -d 'Ask the server for uncompressed answers; accepted as kubectl does, they always are' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l ask-ssh-password -d 'Ask for the password of the account on the terminal'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l workloads -d 'Workloads, comma-separated (repeatable) [default: up takes those that run by default, down all of the fleet]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l vm-count -d 'Machines of each workload; of one with roles, of each role' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l cpu-cores -d 'Virtual CPUs of each machine' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l memory -d 'Memory of each machine' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l disk-size -d 'Size of each data disk' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l data-disk -d 'What a data disk is: dv is a DataVolume; empty is an emptyDisk, which needs no CDI and no storage' -r -f -a "dv\t''
empty\t''"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l container-disk-image -d 'Image of the root disk' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l image-pull-secret -d 'Secret to pull the image with' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l storage-class -d 'StorageClass of the data disks [default: the cluster\'s]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l node-selector -d 'Label of the nodes to run on, KEY=VALUE (repeatable, or comma-separated)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l toleration -d 'Taint to bear: KEY=VALUE:EFFECT, KEY:EFFECT or KEY (repeatable, or comma-separated)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l set -d 'Parameter or size of one workload: database.scale=10, cpu.memory=4Gi (repeatable, or comma-separated)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l ssh-user -d 'Account in the guests' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l ssh-key -d 'Public key (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l ssh-key-file -d 'File with public keys (repeatable) [default: the first of ~/.ssh/id_ed25519.pub, id_ecdsa.pub, id_rsa.pub]' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l no-ssh-key -d 'No key at all where none is given' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l ssh-password -d 'Password of the account; shows in the process list' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l ssh-password-file -d 'File with the password of the account' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l guest-proxy -d 'Proxy for the installation of packages in the guests' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l package-mirror -d 'Package mirror that the guests use instead of their own' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l ca-file -d 'File with certificates of authorities that the guests trust' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l wait -d 'Wait for the result' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l timeout -d 'Longest time for all of it, such as 10m or 1h30m; a bare number is seconds, 0 is no limit' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l no-wait -d 'The same as --wait=false' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l wait-for -d 'What to wait for: ready is work running inside, running is a started machine' -r -f -a "ready\t'The work inside runs'
running\t'The machine is started'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l concurrency -d 'Requests in flight at once' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l dry-run -d 'Print the objects and change nothing: client asks no server, server lets it check them' -r -f -a "none\t'No dry run'
client\t'Nothing is sent that would change anything; `up` sends nothing at all'
server\t'The same, and the server checks what `up` would write'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -s o -l output -d 'Output format: of --dry-run, or of the result' -r -f -a "yaml\t'The objects as YAML'
json\t'The objects as JSON'
name\t'kind.group/name, a line each'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l restart -d 'Restart machines that still run what they were started with' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l prune -d 'Remove machines beyond what is asked for, of the workloads of this run' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -s y -l yes -d 'Do not ask before --prune removes' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l config -d 'YAML file with settings (default: virtwork/config.yaml in the user\'s configuration directory)' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l catalog -d 'Folder with further workloads, each in a folder like the built-in ones' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -s v -l v -d 'How much to say: 4 for retries and decisions, 6 for every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l color -d 'Whether to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l context -d 'Name of the kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l kubeconfig -d 'Path of the kubeconfig file to use' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l cluster -d 'Name of the kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l user -d 'Name of the kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l tls-server-name -d 'Server name for the verification of the server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l insecure-skip-tls-verify -d 'Do not verify the server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l certificate-authority -d 'File with certificates of authorities for the server\'s certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l client-certificate -d 'File with the client\'s certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l client-key -d 'File with the client\'s key' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l as-user-extra -d 'Extra attribute to impersonate with, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l request-timeout -d 'Time for one request, such as 5s or 2m; a bare number is seconds, 0 is no limit' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l cache-dir -d 'Folder of the discovery cache; accepted as kubectl does, nothing is cached' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l disable-compression -d 'Ask the server for uncompressed answers; accepted as kubectl does, they always are' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l ask-ssh-password -d 'Ask for the password of the account on the terminal'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l workloads -d 'Workloads, comma-separated (repeatable) [default: up takes those that run by default, down all of the fleet]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l wait -d 'Wait for the result' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l timeout -d 'Longest time for all of it, such as 10m or 1h30m; a bare number is seconds, 0 is no limit' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l delete-namespace -d 'Also delete the namespace, if this tool made it and nothing else is in it' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l dry-run -d 'Only say what would go' -r -f -a "none\t'No dry run'
client\t'Nothing is sent that would change anything; `up` sends nothing at all'
server\t'The same, and the server checks what `up` would write'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -s y -l yes -d 'Do not ask' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l config -d 'YAML file with settings (default: virtwork/config.yaml in the user\'s configuration directory)' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l catalog -d 'Folder with further workloads, each in a folder like the built-in ones' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -s v -l v -d 'How much to say: 4 for retries and decisions, 6 for every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l color -d 'Whether to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l context -d 'Name of the kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l kubeconfig -d 'Path of the kubeconfig file to use' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l cluster -d 'Name of the kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l user -d 'Name of the kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l tls-server-name -d 'Server name for the verification of the server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l insecure-skip-tls-verify -d 'Do not verify the server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l certificate-authority -d 'File with certificates of authorities for the server\'s certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l client-certificate -d 'File with the client\'s certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l client-key -d 'File with the client\'s key' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l as-user-extra -d 'Extra attribute to impersonate with, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l request-timeout -d 'Time for one request, such as 5s or 2m; a bare number is seconds, 0 is no limit' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l cache-dir -d 'Folder of the discovery cache; accepted as kubectl does, nothing is cached' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l disable-compression -d 'Ask the server for uncompressed answers; accepted as kubectl does, they always are' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l workloads -d 'Workloads, comma-separated (repeatable) [default: up takes those that run by default, down all of the fleet]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l wait -d 'Wait for the result' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l timeout -d 'Longest time for all of it, such as 10m or 1h30m; a bare number is seconds, 0 is no limit' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l delete-namespace -d 'Also delete the namespace, if this tool made it and nothing else is in it' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l dry-run -d 'Only say what would go' -r -f -a "none\t'No dry run'
client\t'Nothing is sent that would change anything; `up` sends nothing at all'
server\t'The same, and the server checks what `up` would write'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -s y -l yes -d 'Do not ask' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l config -d 'YAML file with settings (default: virtwork/config.yaml in the user\'s configuration directory)' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l catalog -d 'Folder with further workloads, each in a folder like the built-in ones' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -s v -l v -d 'How much to say: 4 for retries and decisions, 6 for every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l color -d 'Whether to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l context -d 'Name of the kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l kubeconfig -d 'Path of the kubeconfig file to use' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l cluster -d 'Name of the kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l user -d 'Name of the kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l tls-server-name -d 'Server name for the verification of the server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l insecure-skip-tls-verify -d 'Do not verify the server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l certificate-authority -d 'File with certificates of authorities for the server\'s certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l client-certificate -d 'File with the client\'s certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l client-key -d 'File with the client\'s key' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l as-user-extra -d 'Extra attribute to impersonate with, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l request-timeout -d 'Time for one request, such as 5s or 2m; a bare number is seconds, 0 is no limit' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l cache-dir -d 'Folder of the discovery cache; accepted as kubectl does, nothing is cached' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l disable-compression -d 'Ask the server for uncompressed answers; accepted as kubectl does, they always are' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -s A -l all-namespaces -d 'Fleets of all namespaces, whatever their name unless --name is given' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -s l -l selector -d 'Label selector to narrow what is shown' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -s o -l output -d 'Output format' -r -f -a "wide\t'More columns'
json\t'JSON'
yaml\t'YAML'
name\t'kind.group/name, a line each'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l no-headers -d 'No header line' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l config -d 'YAML file with settings (default: virtwork/config.yaml in the user\'s configuration directory)' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l catalog -d 'Folder with further workloads, each in a folder like the built-in ones' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -s v -l v -d 'How much to say: 4 for retries and decisions, 6 for every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l color -d 'Whether to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l context -d 'Name of the kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l kubeconfig -d 'Path of the kubeconfig file to use' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l cluster -d 'Name of the kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l user -d 'Name of the kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l tls-server-name -d 'Server name for the verification of the server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l insecure-skip-tls-verify -d 'Do not verify the server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l certificate-authority -d 'File with certificates of authorities for the server\'s certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l client-certificate -d 'File with the client\'s certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l client-key -d 'File with the client\'s key' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l as-user-extra -d 'Extra attribute to impersonate with, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l request-timeout -d 'Time for one request, such as 5s or 2m; a bare number is seconds, 0 is no limit' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l cache-dir -d 'Folder of the discovery cache; accepted as kubectl does, nothing is cached' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l disable-compression -d 'Ask the server for uncompressed answers; accepted as kubectl does, they always are' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -s w -l watch -d 'Go on and show changes'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -s l -l ssh-user -d 'Account in the guest [default: the fleet\'s]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -s i -l identity-file -d 'Private key' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l config -d 'YAML file with settings (default: virtwork/config.yaml in the user\'s configuration directory)' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l catalog -d 'Folder with further workloads, each in a folder like the built-in ones' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -s v -l v -d 'How much to say: 4 for retries and decisions, 6 for every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l color -d 'Whether to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l context -d 'Name of the kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l kubeconfig -d 'Path of the kubeconfig file to use' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l cluster -d 'Name of the kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l user -d 'Name of the kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l tls-server-name -d 'Server name for the verification of the server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l insecure-skip-tls-verify -d 'Do not verify the server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l certificate-authority -d 'File with certificates of authorities for the server\'s certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l client-certificate -d 'File with the client\'s certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l client-key -d 'File with the client\'s key' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l as-user-extra -d 'Extra attribute to impersonate with, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l request-timeout -d 'Time for one request, such as 5s or 2m; a bare number is seconds, 0 is no limit' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l cache-dir -d 'Folder of the discovery cache; accepted as kubectl does, nothing is cached' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l disable-compression -d 'Ask the server for uncompressed answers; accepted as kubectl does, they always are' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -s t -d 'Give a COMMAND a terminal'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l user-data -d 'Print the user data that its guests boot with; of a workload with roles, name one' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l config -d 'YAML file with settings (default: virtwork/config.yaml in the user\'s configuration directory)' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l catalog -d 'Folder with further workloads, each in a folder like the built-in ones' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -s v -l v -d 'How much to say: 4 for retries and decisions, 6 for every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l color -d 'Whether to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l context -d 'Name of the kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l kubeconfig -d 'Path of the kubeconfig file to use' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l cluster -d 'Name of the kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l user -d 'Name of the kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l tls-server-name -d 'Server name for the verification of the server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l insecure-skip-tls-verify -d 'Do not verify the server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l certificate-authority -d 'File with certificates of authorities for the server\'s certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l client-certificate -d 'File with the client\'s certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l client-key -d 'File with the client\'s key' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l as-user-extra -d 'Extra attribute to impersonate with, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l request-timeout -d 'Time for one request, such as 5s or 2m; a bare number is seconds, 0 is no limit' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l cache-dir -d 'Folder of the discovery cache; accepted as kubectl does, nothing is cached' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l disable-compression -d 'Ask the server for uncompressed answers; accepted as kubectl does, they always are' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l config -d 'YAML file with settings (default: virtwork/config.yaml in the user\'s configuration directory)' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l catalog -d 'Folder with further workloads, each in a folder like the built-in ones' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -s v -l v -d 'How much to say: 4 for retries and decisions, 6 for every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l color -d 'Whether to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l context -d 'Name of the kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l kubeconfig -d 'Path of the kubeconfig file to use' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l cluster -d 'Name of the kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l user -d 'Name of the kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l tls-server-name -d 'Server name for the verification of the server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l insecure-skip-tls-verify -d 'Do not verify the server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l certificate-authority -d 'File with certificates of authorities for the server\'s certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l client-certificate -d 'File with the client\'s certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l client-key -d 'File with the client\'s key' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l as-user-extra -d 'Extra attribute to impersonate with, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l request-timeout -d 'Time for one request, such as 5s or 2m; a bare number is seconds, 0 is no limit' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l cache-dir -d 'Folder of the discovery cache; accepted as kubectl does, nothing is cached' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l disable-compression -d 'Ask the server for uncompressed answers; accepted as kubectl does, they always are' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -s o -l output -d 'Output format' -r -f -a "json\t'JSON'
yaml\t'YAML'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l config -d 'YAML file with settings (default: virtwork/config.yaml in the user\'s configuration directory)' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l catalog -d 'Folder with further workloads, each in a folder like the built-in ones' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -s v -l v -d 'How much to say: 4 for retries and decisions, 6 for every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l color -d 'Whether to use colour' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l context -d 'Name of the kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l kubeconfig -d 'Path of the kubeconfig file to use' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l cluster -d 'Name of the kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l user -d 'Name of the kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l tls-server-name -d 'Server name for the verification of the server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l insecure-skip-tls-verify -d 'Do not verify the server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l certificate-authority -d 'File with certificates of authorities for the server\'s certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l client-certificate -d 'File with the client\'s certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l client-key -d 'File with the client\'s key' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l as-user-extra -d 'Extra attribute to impersonate with, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l request-timeout -d 'Time for one request, such as 5s or 2m; a bare number is seconds, 0 is no limit' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l cache-dir -d 'Folder of the discovery cache; accepted as kubectl does, nothing is cached' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l disable-compression -d 'Ask the server for uncompressed answers; accepted as kubectl does, they always are' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l client -d 'Ask no server'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -s h -l help -d 'Print help (see more with \'--help\')'
