# Modes, prompts, abbreviation, errors with their carets, history.
Router>
Router>show privilege
Current privilege level is 1
Router>sh priv
Current privilege level is 1
Router>SHOW PRIVilege
Current privilege level is 1
Router>show running-config
            ^
% Invalid input detected at '^' marker.

Router>configure terminal
       ^
% Invalid input detected at '^' marker.

Router>foo
       ^
% Invalid input detected at '^' marker.

Router>show foo
            ^
% Invalid input detected at '^' marker.

Router>show ip nat translationsx
                               ^
% Invalid input detected at '^' marker.

Router>show
% Incomplete command.

Router>e
% Ambiguous command:  "e"

Router>en
Router#
Router#!comment
Router#enable
Router#enable 5
Router#show privilege
Current privilege level is 5
Router#disable
Router>disable 15
% New privilege level must be less than current privilege level
Router>enable 7
Router#show privilege
Current privilege level is 7
Router#enable 15
Router#show privilege
Current privilege level is 15
Router#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
Router(config)#do show privilege
Current privilege level is 15
Router(config)#show privilege
               ^
% Invalid input detected at '^' marker.

Router(config)#interface eth1
Router(config-if)#exit
Router(config)#interface eth1
Router(config-if)#hostname R2
R2(config)#interface eth1
R2(config-if)#hostnam
% Incomplete command.

R2(config-if)#hostname bad_name!
% Hostname contains one or more illegal characters.
R2(config-if)#do show privilege
Current privilege level is 15
R2(config-if)#end
*TIME: %SYS-5-CONFIG_I: Configured from console by console
R2#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
R2(config)#int eth1
R2(config-if)#^Z
*TIME: %SYS-5-CONFIG_I: Configured from console by console
R2#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
R2(config)#int eth1
R2(config-if)#hostname Third^Z
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Third#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
Third(config)#int eth1
Third(config-if)#hostname Fourth^C
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Third#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
Third(config)#no hostname
Router(config)#exit
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Router#show history
  interface eth1
  exit
  interface eth1
  hostname R2
  interface eth1
  hostnam
  hostname bad_name!
  do show privilege
  end
  conf t
  int eth1
  conf t
  int eth1
  hostname Third
  conf t
  int eth1
  conf t
  no hostname
  exit
  show history
Router#terminal length 512
Router#terminal length 513
                       ^
% Invalid input detected at '^' marker.

Router#terminal width 0
Router#configure
Configuring from terminal, memory, or network [terminal]? {}
Enter configuration commands, one per line.  End with CNTL/Z.
Router(config)#end
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Router#configure
Configuring from terminal, memory, or network [terminal]? {term}
Enter configuration commands, one per line.  End with CNTL/Z.
Router(config)#end
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Router#configure
Configuring from terminal, memory, or network [terminal]? {network}
% Configuration comes from the terminal only
Router#configure
Configuring from terminal, memory, or network [terminal]? {^C}
Router#help
A question mark asks for help at any point of a command. If nothing can stand
there, go back until it shows what can.
There are two kinds of help:
1. Full help: behind a blank ('show ?') it lists every keyword and argument that
   may come next, each with a description.
2. Partial help: right behind some letters ('show pr?') it lists the words that
   begin with them.

Router#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
Router(config)#do disable
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Router>enable
Router#exit
===
Router>quit
===
Router>logout
