# ip tcp adjust-mss: range, order, replacing, no.
Router>enable
Router#conf t
Enter configuration commands, one per line.  End with CNTL/Z.
Router(config)#interface eth0
Router(config-if)#ip tcp ?
  adjust-mss  Adjust the maximum segment size of transit packets
Router(config-if)#ip tcp adjust-mss ?
  <500-1460>  Maximum segment size in bytes
Router(config-if)#ip tcp adjust-mss
% Incomplete command.

Router(config-if)#ip tcp adjust-mss 499
                                    ^
% Invalid input detected at '^' marker.

Router(config-if)#ip tcp adjust-mss 1461
                                    ^
% Invalid input detected at '^' marker.

Router(config-if)#ip tcp adj 1452
Router(config-if)#ip nat inside
Router(config-if)#ip tcp adjust-mss 1400
Router(config-if)#do show running-config | begin nat inside
 ip nat inside
 ip tcp adjust-mss 1400
!
...
Router(config-if)#no ip tcp adjust-mss
Router(config-if)#do show running-config | include tcp
Router(config-if)#end
*TIME: %SYS-5-CONFIG_I: Configured from console by console
