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

complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l config -d 'YAML file with settings [default: ~/.config/virtwork/config.yaml]' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l catalog -d 'Directory of additional workloads, one subdirectory each' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -s v -l v -d 'Log level: 4 logs retries, 6 logs every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l color -d 'Use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l context -d 'Kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l kubeconfig -d 'Path to the kubeconfig file' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l cluster -d 'Kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l user -d 'Kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l tls-server-name -d 'Server name to verify the API server\'s certificate against' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l certificate-authority -d 'Path to a CA certificate for the API server' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l client-certificate -d 'Path to a client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l client-key -d 'Path to the key of the client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l as-user-extra -d 'Extra attribute to impersonate, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l request-timeout -d 'Time limit of one request (5s, 2m; 0 waits forever) [default: 30s]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l cache-dir -d 'Ignored; accepted for compatibility with kubectl' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -l disable-compression -d 'Ignored; responses are never compressed' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -s V -l version -d 'Print version'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -f -a "up" -d 'Create or update the fleet and wait until its workloads run'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -f -a "run" -d 'Create or update the fleet and wait until its workloads run'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -f -a "diff" -d 'Show what up would change'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -f -a "down" -d 'Delete the fleet and wait until it is gone'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -f -a "cleanup" -d 'Delete the fleet and wait until it is gone'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -f -a "status" -d 'Show the fleet and why any VM is not ready'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -f -a "ssh" -d 'Open a shell or run a command in a VM (uses virtctl)'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -f -a "workloads" -d 'Show the available workloads and their parameters'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -f -a "config" -d 'Show the settings and where they come from, or print a config file'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -f -a "completion" -d 'Print a completion script for a shell'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -f -a "version" -d 'Print the version of this tool and of the cluster\'s KubeVirt'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l workloads -d 'Workloads, comma-separated (repeatable) [default: all]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l vm-count -d 'VMs per workload (per role, if the workload has roles)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l cpu-cores -d 'vCPUs of each VM' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l memory -d 'Memory of each VM' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l disk-size -d 'Size of each data disk' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l data-disk -d 'Data disk type: dv (DataVolume) or empty (emptyDisk; needs no CDI)' -r -f -a "dv\t'A DataVolume'
empty\t'An emptyDisk'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l container-disk-image -d 'Image of the root disk' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l image-pull-secret -d 'Secret with credentials for pulling the image' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l storage-class -d 'StorageClass of the data disks [default: the cluster\'s default]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l node-selector -d 'Label that nodes must have, KEY=VALUE (repeatable, or comma-separated)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l toleration -d 'Toleration for the VMs, KEY[=VALUE][:EFFECT] (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l set -d 'Parameter or size of one workload, such as cpu.memory=4Gi (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l ssh-user -d 'Account in the guests' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l ssh-key -d 'Public key (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l ssh-key-file -d 'File with public keys (repeatable) [default: the first of ~/.ssh/id_ed25519.pub, id_ecdsa.pub, id_rsa.pub]' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l no-ssh-key -d 'Do not use a public key from ~/.ssh' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l ssh-password -d 'Password of the account; visible in the process list' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l ssh-password-file -d 'File with the password of the account' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l guest-proxy -d 'Proxy for installing packages in the guests' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l package-mirror -d 'Package mirror to use instead of the distribution\'s' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l ca-file -d 'PEM file with extra CA certificates for the guests' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l dry-run -d 'Print the objects without applying them; client contacts no server' -r -f -a "none\t'No dry run'
client\t'Contact no server (up), or change nothing on it (down)'
server\t'Let the API server validate it without storing it'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -s o -l output -d 'Output format of the objects' -r -f -a "yaml\t'The objects as YAML'
json\t'The objects as JSON'
name\t'kind.group/name, one line each'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l restart -d 'Restart VMs whose running configuration is outdated' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l prune -d 'Delete VMs of the selected workloads that exceed the requested count' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -s y -l yes -d 'Do not ask before --prune deletes VMs' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l wait -d 'Wait for the result' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l timeout -d 'Time limit of the wait (90s, 10m, 1h30m, or seconds; 0 waits forever)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l no-wait -d 'The same as --wait=false' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l wait-for -d 'Wait until VMs are ready (workload runs) or only running' -r -f -a "ready\t'The workload runs'
running\t'The VM runs'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l concurrency -d 'Concurrent requests' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l config -d 'YAML file with settings [default: ~/.config/virtwork/config.yaml]' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l catalog -d 'Directory of additional workloads, one subdirectory each' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -s v -l v -d 'Log level: 4 logs retries, 6 logs every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l color -d 'Use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l context -d 'Kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l kubeconfig -d 'Path to the kubeconfig file' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l cluster -d 'Kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l user -d 'Kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l tls-server-name -d 'Server name to verify the API server\'s certificate against' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l certificate-authority -d 'Path to a CA certificate for the API server' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l client-certificate -d 'Path to a client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l client-key -d 'Path to the key of the client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l as-user-extra -d 'Extra attribute to impersonate, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l request-timeout -d 'Time limit of one request (5s, 2m; 0 waits forever) [default: 30s]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l cache-dir -d 'Ignored; accepted for compatibility with kubectl' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l disable-compression -d 'Ignored; responses are never compressed' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -l ask-ssh-password -d 'Prompt for the password of the account'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand up" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l workloads -d 'Workloads, comma-separated (repeatable) [default: all]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l vm-count -d 'VMs per workload (per role, if the workload has roles)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l cpu-cores -d 'vCPUs of each VM' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l memory -d 'Memory of each VM' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l disk-size -d 'Size of each data disk' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l data-disk -d 'Data disk type: dv (DataVolume) or empty (emptyDisk; needs no CDI)' -r -f -a "dv\t'A DataVolume'
empty\t'An emptyDisk'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l container-disk-image -d 'Image of the root disk' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l image-pull-secret -d 'Secret with credentials for pulling the image' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l storage-class -d 'StorageClass of the data disks [default: the cluster\'s default]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l node-selector -d 'Label that nodes must have, KEY=VALUE (repeatable, or comma-separated)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l toleration -d 'Toleration for the VMs, KEY[=VALUE][:EFFECT] (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l set -d 'Parameter or size of one workload, such as cpu.memory=4Gi (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l ssh-user -d 'Account in the guests' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l ssh-key -d 'Public key (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l ssh-key-file -d 'File with public keys (repeatable) [default: the first of ~/.ssh/id_ed25519.pub, id_ecdsa.pub, id_rsa.pub]' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l no-ssh-key -d 'Do not use a public key from ~/.ssh' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l ssh-password -d 'Password of the account; visible in the process list' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l ssh-password-file -d 'File with the password of the account' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l guest-proxy -d 'Proxy for installing packages in the guests' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l package-mirror -d 'Package mirror to use instead of the distribution\'s' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l ca-file -d 'PEM file with extra CA certificates for the guests' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l dry-run -d 'Print the objects without applying them; client contacts no server' -r -f -a "none\t'No dry run'
client\t'Contact no server (up), or change nothing on it (down)'
server\t'Let the API server validate it without storing it'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -s o -l output -d 'Output format of the objects' -r -f -a "yaml\t'The objects as YAML'
json\t'The objects as JSON'
name\t'kind.group/name, one line each'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l restart -d 'Restart VMs whose running configuration is outdated' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l prune -d 'Delete VMs of the selected workloads that exceed the requested count' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -s y -l yes -d 'Do not ask before --prune deletes VMs' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l wait -d 'Wait for the result' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l timeout -d 'Time limit of the wait (90s, 10m, 1h30m, or seconds; 0 waits forever)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l no-wait -d 'The same as --wait=false' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l wait-for -d 'Wait until VMs are ready (workload runs) or only running' -r -f -a "ready\t'The workload runs'
running\t'The VM runs'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l concurrency -d 'Concurrent requests' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l config -d 'YAML file with settings [default: ~/.config/virtwork/config.yaml]' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l catalog -d 'Directory of additional workloads, one subdirectory each' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -s v -l v -d 'Log level: 4 logs retries, 6 logs every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l color -d 'Use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l context -d 'Kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l kubeconfig -d 'Path to the kubeconfig file' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l cluster -d 'Kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l user -d 'Kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l tls-server-name -d 'Server name to verify the API server\'s certificate against' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l certificate-authority -d 'Path to a CA certificate for the API server' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l client-certificate -d 'Path to a client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l client-key -d 'Path to the key of the client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l as-user-extra -d 'Extra attribute to impersonate, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l request-timeout -d 'Time limit of one request (5s, 2m; 0 waits forever) [default: 30s]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l cache-dir -d 'Ignored; accepted for compatibility with kubectl' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l disable-compression -d 'Ignored; responses are never compressed' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -l ask-ssh-password -d 'Prompt for the password of the account'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l workloads -d 'Workloads, comma-separated (repeatable) [default: all]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l vm-count -d 'VMs per workload (per role, if the workload has roles)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l cpu-cores -d 'vCPUs of each VM' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l memory -d 'Memory of each VM' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l disk-size -d 'Size of each data disk' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l data-disk -d 'Data disk type: dv (DataVolume) or empty (emptyDisk; needs no CDI)' -r -f -a "dv\t'A DataVolume'
empty\t'An emptyDisk'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l container-disk-image -d 'Image of the root disk' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l image-pull-secret -d 'Secret with credentials for pulling the image' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l storage-class -d 'StorageClass of the data disks [default: the cluster\'s default]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l node-selector -d 'Label that nodes must have, KEY=VALUE (repeatable, or comma-separated)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l toleration -d 'Toleration for the VMs, KEY[=VALUE][:EFFECT] (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l set -d 'Parameter or size of one workload, such as cpu.memory=4Gi (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l ssh-user -d 'Account in the guests' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l ssh-key -d 'Public key (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l ssh-key-file -d 'File with public keys (repeatable) [default: the first of ~/.ssh/id_ed25519.pub, id_ecdsa.pub, id_rsa.pub]' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l no-ssh-key -d 'Do not use a public key from ~/.ssh' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l ssh-password -d 'Password of the account; visible in the process list' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l ssh-password-file -d 'File with the password of the account' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l guest-proxy -d 'Proxy for installing packages in the guests' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l package-mirror -d 'Package mirror to use instead of the distribution\'s' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l ca-file -d 'PEM file with extra CA certificates for the guests' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l config -d 'YAML file with settings [default: ~/.config/virtwork/config.yaml]' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l catalog -d 'Directory of additional workloads, one subdirectory each' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -s v -l v -d 'Log level: 4 logs retries, 6 logs every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l color -d 'Use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l context -d 'Kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l kubeconfig -d 'Path to the kubeconfig file' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l cluster -d 'Kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l user -d 'Kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l tls-server-name -d 'Server name to verify the API server\'s certificate against' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l certificate-authority -d 'Path to a CA certificate for the API server' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l client-certificate -d 'Path to a client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l client-key -d 'Path to the key of the client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l as-user-extra -d 'Extra attribute to impersonate, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l request-timeout -d 'Time limit of one request (5s, 2m; 0 waits forever) [default: 30s]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l cache-dir -d 'Ignored; accepted for compatibility with kubectl' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -l disable-compression -d 'Ignored; responses are never compressed' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l workloads -d 'Workloads, comma-separated (repeatable) [default: all]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l wait -d 'Wait for the result' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l timeout -d 'Time limit of the wait (90s, 10m, 1h30m, or seconds; 0 waits forever)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l delete-namespace -d 'Also delete the namespace, if up created it and nothing else is in it' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l dry-run -d 'Print what would be deleted, without deleting it' -r -f -a "none\t'No dry run'
client\t'Contact no server (up), or change nothing on it (down)'
server\t'Let the API server validate it without storing it'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -s y -l yes -d 'Delete without asking for confirmation' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l config -d 'YAML file with settings [default: ~/.config/virtwork/config.yaml]' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l catalog -d 'Directory of additional workloads, one subdirectory each' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -s v -l v -d 'Log level: 4 logs retries, 6 logs every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l color -d 'Use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l context -d 'Kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l kubeconfig -d 'Path to the kubeconfig file' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l cluster -d 'Kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l user -d 'Kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l tls-server-name -d 'Server name to verify the API server\'s certificate against' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l certificate-authority -d 'Path to a CA certificate for the API server' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l client-certificate -d 'Path to a client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l client-key -d 'Path to the key of the client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l as-user-extra -d 'Extra attribute to impersonate, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l request-timeout -d 'Time limit of one request (5s, 2m; 0 waits forever) [default: 30s]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l cache-dir -d 'Ignored; accepted for compatibility with kubectl' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -l disable-compression -d 'Ignored; responses are never compressed' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand down" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l workloads -d 'Workloads, comma-separated (repeatable) [default: all]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l wait -d 'Wait for the result' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l timeout -d 'Time limit of the wait (90s, 10m, 1h30m, or seconds; 0 waits forever)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l delete-namespace -d 'Also delete the namespace, if up created it and nothing else is in it' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l dry-run -d 'Print what would be deleted, without deleting it' -r -f -a "none\t'No dry run'
client\t'Contact no server (up), or change nothing on it (down)'
server\t'Let the API server validate it without storing it'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -s y -l yes -d 'Delete without asking for confirmation' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l config -d 'YAML file with settings [default: ~/.config/virtwork/config.yaml]' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l catalog -d 'Directory of additional workloads, one subdirectory each' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -s v -l v -d 'Log level: 4 logs retries, 6 logs every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l color -d 'Use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l context -d 'Kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l kubeconfig -d 'Path to the kubeconfig file' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l cluster -d 'Kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l user -d 'Kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l tls-server-name -d 'Server name to verify the API server\'s certificate against' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l certificate-authority -d 'Path to a CA certificate for the API server' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l client-certificate -d 'Path to a client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l client-key -d 'Path to the key of the client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l as-user-extra -d 'Extra attribute to impersonate, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l request-timeout -d 'Time limit of one request (5s, 2m; 0 waits forever) [default: 30s]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l cache-dir -d 'Ignored; accepted for compatibility with kubectl' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -l disable-compression -d 'Ignored; responses are never compressed' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand cleanup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -s A -l all-namespaces -d 'List fleets in all namespaces' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -s l -l selector -d 'Label selector, such as app.kubernetes.io/component=cpu' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -s o -l output -d 'Output format' -r -f -a "wide\t'More columns'
json\t'JSON'
yaml\t'YAML'
name\t'kind.group/name, one line each'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l no-headers -d 'Do not print headers' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -s w -l watch -d 'Watch for changes' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l config -d 'YAML file with settings [default: ~/.config/virtwork/config.yaml]' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l catalog -d 'Directory of additional workloads, one subdirectory each' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -s v -l v -d 'Log level: 4 logs retries, 6 logs every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l color -d 'Use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l context -d 'Kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l kubeconfig -d 'Path to the kubeconfig file' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l cluster -d 'Kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l user -d 'Kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l tls-server-name -d 'Server name to verify the API server\'s certificate against' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l certificate-authority -d 'Path to a CA certificate for the API server' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l client-certificate -d 'Path to a client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l client-key -d 'Path to the key of the client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l as-user-extra -d 'Extra attribute to impersonate, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l request-timeout -d 'Time limit of one request (5s, 2m; 0 waits forever) [default: 30s]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l cache-dir -d 'Ignored; accepted for compatibility with kubectl' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -l disable-compression -d 'Ignored; responses are never compressed' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -s l -l ssh-user -d 'Account in the guest [default: the fleet\'s]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -s i -l identity-file -d 'Private key' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l config -d 'YAML file with settings [default: ~/.config/virtwork/config.yaml]' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l catalog -d 'Directory of additional workloads, one subdirectory each' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -s v -l v -d 'Log level: 4 logs retries, 6 logs every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l color -d 'Use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l context -d 'Kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l kubeconfig -d 'Path to the kubeconfig file' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l cluster -d 'Kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l user -d 'Kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l tls-server-name -d 'Server name to verify the API server\'s certificate against' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l certificate-authority -d 'Path to a CA certificate for the API server' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l client-certificate -d 'Path to a client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l client-key -d 'Path to the key of the client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l as-user-extra -d 'Extra attribute to impersonate, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l request-timeout -d 'Time limit of one request (5s, 2m; 0 waits forever) [default: 30s]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l cache-dir -d 'Ignored; accepted for compatibility with kubectl' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -l disable-compression -d 'Ignored; responses are never compressed' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -s t -d 'Allocate a terminal for COMMAND'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand ssh" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l user-data -d 'Print the cloud-init user data (of ROLE, if the workload has roles)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l config -d 'YAML file with settings [default: ~/.config/virtwork/config.yaml]' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l catalog -d 'Directory of additional workloads, one subdirectory each' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -s v -l v -d 'Log level: 4 logs retries, 6 logs every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l color -d 'Use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l context -d 'Kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l kubeconfig -d 'Path to the kubeconfig file' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l cluster -d 'Kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l user -d 'Kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l tls-server-name -d 'Server name to verify the API server\'s certificate against' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l certificate-authority -d 'Path to a CA certificate for the API server' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l client-certificate -d 'Path to a client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l client-key -d 'Path to the key of the client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l as-user-extra -d 'Extra attribute to impersonate, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l request-timeout -d 'Time limit of one request (5s, 2m; 0 waits forever) [default: 30s]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l cache-dir -d 'Ignored; accepted for compatibility with kubectl' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -l disable-compression -d 'Ignored; responses are never compressed' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand workloads" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -l config -d 'YAML file with settings [default: ~/.config/virtwork/config.yaml]' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -l catalog -d 'Directory of additional workloads, one subdirectory each' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -s v -l v -d 'Log level: 4 logs retries, 6 logs every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -l color -d 'Use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -l context -d 'Kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -l kubeconfig -d 'Path to the kubeconfig file' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -l cluster -d 'Kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -l user -d 'Kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -l tls-server-name -d 'Server name to verify the API server\'s certificate against' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -l certificate-authority -d 'Path to a CA certificate for the API server' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -l client-certificate -d 'Path to a client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -l client-key -d 'Path to the key of the client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -l as-user-extra -d 'Extra attribute to impersonate, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -l request-timeout -d 'Time limit of one request (5s, 2m; 0 waits forever) [default: 30s]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -l cache-dir -d 'Ignored; accepted for compatibility with kubectl' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -l disable-compression -d 'Ignored; responses are never compressed' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -f -a "view" -d 'Print every setting as a config file, with its source'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -f -a "init" -d 'Print a config file with every setting and its default, commented out'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and not __fish_seen_subcommand_from view init help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l workloads -d 'Workloads, comma-separated (repeatable) [default: all]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l vm-count -d 'VMs per workload (per role, if the workload has roles)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l cpu-cores -d 'vCPUs of each VM' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l memory -d 'Memory of each VM' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l disk-size -d 'Size of each data disk' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l data-disk -d 'Data disk type: dv (DataVolume) or empty (emptyDisk; needs no CDI)' -r -f -a "dv\t'A DataVolume'
empty\t'An emptyDisk'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l container-disk-image -d 'Image of the root disk' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l image-pull-secret -d 'Secret with credentials for pulling the image' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l storage-class -d 'StorageClass of the data disks [default: the cluster\'s default]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l node-selector -d 'Label that nodes must have, KEY=VALUE (repeatable, or comma-separated)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l toleration -d 'Toleration for the VMs, KEY[=VALUE][:EFFECT] (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l set -d 'Parameter or size of one workload, such as cpu.memory=4Gi (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l ssh-user -d 'Account in the guests' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l ssh-key -d 'Public key (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l ssh-key-file -d 'File with public keys (repeatable) [default: the first of ~/.ssh/id_ed25519.pub, id_ecdsa.pub, id_rsa.pub]' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l no-ssh-key -d 'Do not use a public key from ~/.ssh' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l ssh-password -d 'Password of the account; visible in the process list' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l ssh-password-file -d 'File with the password of the account' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l guest-proxy -d 'Proxy for installing packages in the guests' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l package-mirror -d 'Package mirror to use instead of the distribution\'s' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l ca-file -d 'PEM file with extra CA certificates for the guests' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l wait -d 'Wait for the result' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l timeout -d 'Time limit of the wait (90s, 10m, 1h30m, or seconds; 0 waits forever)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l no-wait -d 'The same as --wait=false' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l wait-for -d 'Wait until VMs are ready (workload runs) or only running' -r -f -a "ready\t'The workload runs'
running\t'The VM runs'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l concurrency -d 'Concurrent requests' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l config -d 'YAML file with settings [default: ~/.config/virtwork/config.yaml]' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l catalog -d 'Directory of additional workloads, one subdirectory each' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -s v -l v -d 'Log level: 4 logs retries, 6 logs every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l color -d 'Use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l context -d 'Kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l kubeconfig -d 'Path to the kubeconfig file' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l cluster -d 'Kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l user -d 'Kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l tls-server-name -d 'Server name to verify the API server\'s certificate against' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l certificate-authority -d 'Path to a CA certificate for the API server' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l client-certificate -d 'Path to a client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l client-key -d 'Path to the key of the client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l as-user-extra -d 'Extra attribute to impersonate, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l request-timeout -d 'Time limit of one request (5s, 2m; 0 waits forever) [default: 30s]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l cache-dir -d 'Ignored; accepted for compatibility with kubectl' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -l disable-compression -d 'Ignored; responses are never compressed' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from view" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -l config -d 'YAML file with settings [default: ~/.config/virtwork/config.yaml]' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -l catalog -d 'Directory of additional workloads, one subdirectory each' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -s v -l v -d 'Log level: 4 logs retries, 6 logs every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -l color -d 'Use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -l context -d 'Kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -l kubeconfig -d 'Path to the kubeconfig file' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -l cluster -d 'Kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -l user -d 'Kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -l tls-server-name -d 'Server name to verify the API server\'s certificate against' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -l certificate-authority -d 'Path to a CA certificate for the API server' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -l client-certificate -d 'Path to a client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -l client-key -d 'Path to the key of the client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -l as-user-extra -d 'Extra attribute to impersonate, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -l request-timeout -d 'Time limit of one request (5s, 2m; 0 waits forever) [default: 30s]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -l cache-dir -d 'Ignored; accepted for compatibility with kubectl' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -l disable-compression -d 'Ignored; responses are never compressed' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "view" -d 'Print every setting as a config file, with its source'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "init" -d 'Print a config file with every setting and its default, commented out'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l config -d 'YAML file with settings [default: ~/.config/virtwork/config.yaml]' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l catalog -d 'Directory of additional workloads, one subdirectory each' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -s v -l v -d 'Log level: 4 logs retries, 6 logs every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l color -d 'Use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l context -d 'Kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l kubeconfig -d 'Path to the kubeconfig file' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l cluster -d 'Kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l user -d 'Kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l tls-server-name -d 'Server name to verify the API server\'s certificate against' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l certificate-authority -d 'Path to a CA certificate for the API server' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l client-certificate -d 'Path to a client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l client-key -d 'Path to the key of the client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l as-user-extra -d 'Extra attribute to impersonate, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l request-timeout -d 'Time limit of one request (5s, 2m; 0 waits forever) [default: 30s]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l cache-dir -d 'Ignored; accepted for compatibility with kubectl' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -l disable-compression -d 'Ignored; responses are never compressed' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand completion" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l client -d 'Print the client version only' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -s o -l output -d 'Output format' -r -f -a "json\t'JSON'
yaml\t'YAML'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l config -d 'YAML file with settings [default: ~/.config/virtwork/config.yaml]' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l catalog -d 'Directory of additional workloads, one subdirectory each' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l name -d 'Name of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -s v -l v -d 'Log level: 4 logs retries, 6 logs every request' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l verbose -d 'The same as -v=4' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l color -d 'Use color' -r -f -a "auto\t'On a terminal, unless NO_COLOR is set'
always\t'Always'
never\t'Never'"
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -s n -l namespace -d 'Namespace (project) of the fleet' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l context -d 'Kubeconfig context to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l kubeconfig -d 'Path to the kubeconfig file' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l cluster -d 'Kubeconfig cluster to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l user -d 'Kubeconfig user to use' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -s s -l server -d 'Address of the API server' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l tls-server-name -d 'Server name to verify the API server\'s certificate against' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l insecure-skip-tls-verify -d 'Do not verify the API server\'s certificate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l certificate-authority -d 'Path to a CA certificate for the API server' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l client-certificate -d 'Path to a client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l client-key -d 'Path to the key of the client certificate' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l token -d 'Bearer token' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l as -d 'User to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l as-uid -d 'UID to impersonate' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l as-group -d 'Group to impersonate (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l as-user-extra -d 'Extra attribute to impersonate, KEY=VALUE (repeatable)' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l request-timeout -d 'Time limit of one request (5s, 2m; 0 waits forever) [default: 30s]' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l cache-dir -d 'Ignored; accepted for compatibility with kubectl' -r -F
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -l disable-compression -d 'Ignored; responses are never compressed' -r
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand version" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand help; and not __fish_seen_subcommand_from up diff down status ssh workloads config completion version help" -f -a "up" -d 'Create or update the fleet and wait until its workloads run'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand help; and not __fish_seen_subcommand_from up diff down status ssh workloads config completion version help" -f -a "diff" -d 'Show what up would change'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand help; and not __fish_seen_subcommand_from up diff down status ssh workloads config completion version help" -f -a "down" -d 'Delete the fleet and wait until it is gone'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand help; and not __fish_seen_subcommand_from up diff down status ssh workloads config completion version help" -f -a "status" -d 'Show the fleet and why any VM is not ready'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand help; and not __fish_seen_subcommand_from up diff down status ssh workloads config completion version help" -f -a "ssh" -d 'Open a shell or run a command in a VM (uses virtctl)'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand help; and not __fish_seen_subcommand_from up diff down status ssh workloads config completion version help" -f -a "workloads" -d 'Show the available workloads and their parameters'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand help; and not __fish_seen_subcommand_from up diff down status ssh workloads config completion version help" -f -a "config" -d 'Show the settings and where they come from, or print a config file'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand help; and not __fish_seen_subcommand_from up diff down status ssh workloads config completion version help" -f -a "completion" -d 'Print a completion script for a shell'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand help; and not __fish_seen_subcommand_from up diff down status ssh workloads config completion version help" -f -a "version" -d 'Print the version of this tool and of the cluster\'s KubeVirt'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand help; and not __fish_seen_subcommand_from up diff down status ssh workloads config completion version help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "view" -d 'Print every setting as a config file, with its source'
complete -c kubectl-virtwork -n "__fish_kubectl_virtwork_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "init" -d 'Print a config file with every setting and its default, commented out'
