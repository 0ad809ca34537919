# Secrets: set, asked for, three tries; kept as a hash; forgotten by the history.
Router>enable
Router#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
Router(config)#enable secret open sesame
Router(config)#do show running-config | include secret
enable secret 9 $9$SALT$HASH
Router(config)#do show history
  enable
  conf t
  do show running-config | include secret
  do show history
Router(config)#end
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Router#disable
Router>enable
Password: {open sesame}
Router#disable
Router>enable
Password: {wrong}
Password: {open sesame}
Router#disable
Router>enable
Password: {wrong}
Password: {}
Password: {open sesam}
% Bad secrets
Router>enable
Password: {^C}
% Bad secrets
Router>enable 3
Password: {open sesame}
Router#show privilege
Current privilege level is 3
Router#enable
Password: {open sesame}
Router#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
# a secret goes before a password
Router(config)#enable password other
Router(config)#do disable
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Router>enable
Password: {other}
Password: {open sesame}
Router#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
Router(config)#no enable secret
Router(config)#do disable
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Router>enable
Password: {open sesame}
Password: {other}
Router#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
Router(config)#enable password 7 02050D480809
Router(config)#do disable
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Router>enable
Password: {cisco}
Router#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
Router(config)#enable secret 5 $1$28772684$iEwNOgGugqO9.bIz5sk8k/
Router(config)#do disable
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Router>enable
Password: {hashcat}
Router#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
Router(config)#enable secret 8 $8$TnGX/fE4KGHOVU$pEhnEvxrvaynpi8j4f.EMHr6M.FzU8xnZnBr/tJdFWk
Router(config)#do disable
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Router>enable
Password: {hashcat}
Router#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
Router(config)#enable secret 9 nonsense
%ERROR: The secret you entered is not a valid encrypted secret.
Router(config)#enable secret 5 nonsense
%ERROR: The secret you entered is not a valid encrypted secret.
Router(config)#enable secret
% Incomplete command.

Router(config)#enable password 7 nonsense
% Invalid encrypted password: nonsense
Router(config)#enable secret 0 plain
Router(config)#do disable
*TIME: %SYS-5-CONFIG_I: Configured from console by console
Router>enable
Password: {plain}
# without a terminal local root is not asked
$ algate -c enable -c "show privilege"
Current privilege level is 15
[0]
